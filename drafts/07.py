# %% [markdown]
# # 07 Compare search strategies
#
# Grid, random, Bayesian, Hyperband: which one should you use? Most comparisons run each of them once and show the winner. This notebook runs them again and again, on
# real learning curves, and shows how much of such a comparison is luck.
#
# **You will**
#
# - say what each strategy does, and see it do it;
# - race the four strategies over many seeds, and read the bands;
# - work out how many random trials are enough;
# - take Hyperband's budget apart, round by round;
# - play against random search.
#
# **You need** notebooks 01 to 06. No images, and no training: every trial is answered by the bank of recorded trials. The race takes one to two minutes at the `class` budget.

# %%
from helpers import get_budget

budget = get_budget()
print(budget)

# %%
from helpers import load_bank

bank = load_bank()
space = list(bank.space)
configurations = bank.table.groupby(space).ngroups
print(f"{configurations} configurations, {len(bank.seeds)} seeds, {bank.epochs} epochs")

# %% [markdown]
# ## What each strategy does
#
# The task is always the same: find a good configuration of the five hyperparameters of notebook 06. `bank.tuner` makes a real KerasTuner tuner; only the training is replaced by a look into the table.
# Each strategy gets as many trials as Hyperband needs for one of its rounds of brackets (more on that below).

# %%
import keras_tuner

TRIALS = 30
STRATEGIES = {
    "grid": (keras_tuner.GridSearch, {"max_trials": TRIALS}),
    "random": (keras_tuner.RandomSearch, {"max_trials": TRIALS}),
    "Bayesian": (keras_tuner.BayesianOptimization, {"max_trials": TRIALS}),
    "Hyperband": (keras_tuner.Hyperband, {"max_epochs": bank.epochs, "factor": 3}),
}

# %% [markdown]
# A grid goes through all combinations, in the order in which the hyperparameters are declared: the last one changes fastest. Cut off after some trials, it has seen one corner of the space, and
# which corner depends on nothing but the order that you happened to write. To be fair to it, we shuffle that order anew for each seed.

# %%
import random


def shuffled_space(seed):
    shuffle = random.Random(seed)
    hp = keras_tuner.HyperParameters()
    for name in shuffle.sample(space, k=len(space)):
        hp.Choice(name, shuffle.sample(bank.space[name], k=len(bank.space[name])))
    return hp


def search(strategy, seed):
    tuner_class, how = STRATEGIES[strategy]
    if strategy == "grid":
        how = {**how, "hyperparameters": shuffled_space(seed)}
    # A seed of its own: from the same one, random search and Hyperband draw the same.
    tuner = bank.tuner(tuner_class, seed=1000 * len(strategy) + seed, **how)
    tuner.search()
    return tuner.replayed()

# %% [markdown]
# `replayed()` is a table of the trials: the values, the epochs that a real search would have trained, and the score. One search of each strategy:

# %%
once = {strategy: search(strategy, seed=1) for strategy in STRATEGIES}
for strategy, trials in once.items():
    distinct = len(trials[space].drop_duplicates())
    print(f"{strategy:10} {len(trials)} trials of {distinct} configurations")

# %%
import matplotlib.pyplot as plt
import numpy as np

fig, axes = plt.subplots(1, 4, figsize=(13, 3.8), sharey=True, layout="constrained")
jitter = np.random.default_rng(1)
for ax, (strategy, trials) in zip(axes, once.items(), strict=True):
    across, up = (trials[name].map(bank.space[name].index) for name in space[0::3])
    moved = jitter.uniform(-0.3, 0.3, (2, len(trials)))
    places = across + moved[0], up + moved[1]
    dots = ax.scatter(*places, c=range(len(trials)), s=12 * trials["epochs"])
    ax.set(title=strategy, xlabel="num_hidden", ylabel="learning_rate")
    ax.set_xticks(range(7), [f"{value:g}" for value in bank.space["num_hidden"]], rotation=60)
    ax.set_yticks(range(5), [f"{value:g}" for value in bank.space["learning_rate"]])
fig.colorbar(dots, label="trial");

# %% [markdown]
# **In the figure:** four panels, one for each strategy; across the width, up the learning rate. Each dot is a trial, moved a little so that dots don't hide each other; dark ones came early, light ones late, and the size says how many
# epochs it was trained.
#
# - **Grid** fills a corner, or a few rows and columns, and never sees the rest.
# - **Random** covers everything, thinly.
# - **Bayesian** begins at random; then a model of the results so far (a Gaussian process) proposes what to try next, and the late dots crowd where the early ones did well.
# - **Hyperband** begins with many small dots (short trainings), and only the best of them come back as large ones.

# %% claim
assert len(once["grid"]["num_hidden"].unique()) * len(once["grid"]["learning_rate"].unique()) < 35
assert once["Hyperband"]["epochs"].nunique() > 1 and once["random"]["epochs"].nunique() == 1
assert all(len(trials) == TRIALS for trials in once.values())

# %% [markdown]
# ## One run is an anecdote
#
# Who won? **Predict before you run:** the table shows the best score of each strategy, for five different seeds. Will the same strategy win each time?

# %%
import pandas as pd

quick_ones = ("grid", "random", "Hyperband")
few = {s: {seed: search(s, seed)["score"].max() for seed in range(1, 6)} for s in quick_ones}
few = pd.DataFrame(few).rename_axis("seed")
few.assign(winner=few.idxmax(axis=1)).round(4)

# %% claim
assert few.idxmax(axis=1).nunique() > 1, "another seed, another winner"

# %% [markdown]
# ## The race
#
# So we run each strategy many times, as often as the budget says. `Parallel` uses two processes; a Gaussian process has to be fitted for every Bayesian trial, and that takes most of the time.

# %%
from joblib import Parallel, delayed

seeds = range(1, budget.repeats + 1)
jobs = [(strategy, seed) for strategy in STRATEGIES for seed in seeds]
workers = 2 if budget.repeats > 10 else 1  # a second process has to import Keras first
results = Parallel(n_jobs=workers)(delayed(search)(*job) for job in jobs)
race = dict(zip(jobs, results, strict=True))

# %%
from helpers import plot_bands

by_trial = {
    strategy: [race[strategy, seed]["score"].cummax().to_numpy() for seed in seeds]
    for strategy in STRATEGIES
}
what = {"ylabel": "best validation accuracy so far", "floor": 0.42}
plot_bands(by_trial, steps=range(1, TRIALS + 1), xlabel="trials", **what)

# %% [markdown]
# **In the figure:** the best score so far over the number of trials; for each strategy a line for the median of all repeats, and a band that holds most of them. The bands overlap widely.
#
# Look at the width of the bands first, and at the lines afterwards: a single run can lie anywhere in its band.
#
# But is it fair to count trials? A trial of Hyperband may be two epochs long. What costs is epochs:

# %%
grid = np.arange(bank.epochs, TRIALS * bank.epochs + 1)


def best_by_epoch(trials):
    spent, best = trials["epochs"].cumsum().to_numpy(), trials["score"].cummax().to_numpy()
    return best[np.searchsorted(spent, grid, side="right") - 1]


by_epoch = {s: [best_by_epoch(race[s, seed]) for seed in seeds] for s in STRATEGIES}
plot_bands(by_epoch, steps=grid, xlabel="epochs trained", **what)

# %% [markdown]
# **In the figure:** the same race over the epochs that were trained. The line of Hyperband ends early to rise, and then stays level: it has spent its budget when the others are at a third of theirs.
# Read along a vertical line: with few epochs to spend, who is ahead? With many?

# %%
epochs_each = {s: race[s, 1]["epochs"].sum() for s in STRATEGIES}
moments = [60, 120, 166, 300, 450]
leaders = pd.DataFrame(
    {s: np.median(by_epoch[s], axis=0)[np.subtract(moments, bank.epochs)] for s in STRATEGIES},
    index=pd.Index(moments, name="epochs"),
)
print("epochs in all:", ", ".join(f"{s} {spent}" for s, spent in epochs_each.items()))
leaders.round(3)

# %% claim
assert epochs_each["Hyperband"] < 0.4 * epochs_each["random"], "Hyperband spends the fewest epochs"
assert all(len(race[job]) == TRIALS for job in jobs), "as many trials each"

# %% [markdown]
# ## A score is not the worth of a configuration
#
# There is a catch in these curves. The best of thirty scores is the best *and* the luckiest. What we want to know is what the chosen configuration is worth when it is trained again, in full. The bank knows: the mean over its seeds,
# at all epochs.

# %%
trainings = bank.table.groupby([*space, "seed"])["val_acc"].max()
worth = trainings.groupby(space).mean()


def worth_of_winner(trials):
    winner = trials.loc[trials["score"].idxmax(), space]
    return worth[tuple(winner)]


summary = pd.DataFrame(
    {
        s: {
            "winner's score": np.median([race[s, seed]["score"].max() for seed in seeds]),
            "winner's worth": np.median([worth_of_winner(race[s, seed]) for seed in seeds]),
        }
        for s in STRATEGIES
    }
).T
summary["rank among all"] = [int((worth > w).sum()) + 1 for w in summary["winner's worth"]]
summary.round(3)

# %% [markdown]
# ## How many random trials are enough?
#
# For random search no race is needed: the answer can be computed. Sort all $n$ configurations by score. The best of $k$ random draws is the one at rank $r$ if that one is drawn and none of the better ones is; so
# the chance that the best of $k$ is *at most* the $m$-th smallest is $\binom{m}{k} / \binom{n}{k}$.
#
# **Predict before you run:** how many random trials does it take to find, in the median, a configuration of the best five in a hundred?

# %%
from math import comb

first_seed = trainings.xs(bank.seeds[0], level="seed")
ranked = np.sort(first_seed.to_numpy())


def best_of(k, quantile=0.5):
    at_most = [comb(m, k) / comb(len(ranked), k) for m in range(1, len(ranked) + 1)]
    return ranked[np.searchsorted(at_most, quantile)]


target = np.quantile(ranked, 0.95)
enough = next(k for k in range(1, 100) if best_of(k) >= target)
print(f"{enough} trials for a configuration among the best 5 of 100, in the median")

# %%
ks = np.arange(1, 61)
fig, ax = plt.subplots(figsize=(8, 4))
ax.fill_between(ks, [best_of(k, 0.1) for k in ks], [best_of(k, 0.9) for k in ks], alpha=0.2)
ax.plot(ks, [best_of(k) for k in ks], label="median, and from 10 to 90 %")
ax.axhline(ranked[-1], color="black", ls=":", label="best of all")
ax.set(xlabel="random trials", ylabel="best validation accuracy")
ax.grid(alpha=0.3)
ax.legend();

# %% [markdown]
# **In the figure:** the best of $k$ random trials, over $k$: the median, a band from the tenth to the ninetieth percentile, and a dotted line at the best configuration of all. The median climbs steeply at first, and ever more slowly later.
#
# This is the law of diminishing returns: each doubling of the trials buys about the same small step. The band is the honest answer to "how good will my search be?".

# %% claim
assert 10 <= enough <= 16, "about a dozen: log(1/2) / log(0.95) = 13.5"
steps = [best_of(2 * k) - best_of(k) for k in (1, 4, 16)]
assert steps[0] > steps[1] > steps[2], "diminishing returns"

# %% [markdown]
# ## Hyperband's budget, round by round
#
# Hyperband asks: many short trainings, or few long ones? And answers: both. It plays several **brackets**. Each begins with some configurations at a certain number of epochs, and lets the best third go on for three times as long
# (`factor=3`), until one reaches `max_epochs`.

# %%
tuner = bank.tuner(keras_tuner.Hyperband, seed=1, max_epochs=bank.epochs, factor=3)
tuner.search()
# Hyperband keeps its own books among the values of each trial.
books = [trial.hyperparameters.values for trial in tuner.oracle.trials.values()]
rounds = pd.DataFrame(books)[["tuner/bracket", "tuner/round", "tuner/epochs"]]
rounds = rounds.rename(columns=lambda name: name.removeprefix("tuner/"))
rounds["trained"] = tuner.replayed()["epochs"]
by_round = rounds.groupby(["bracket", "round"], sort=False).agg(
    trials=("trained", "size"), epochs_reached=("epochs", "first"), epochs_spent=("trained", "sum")
)
by_round

# %%
fig, ax = plt.subplots(figsize=(10, 4))
for bracket, group in rounds.groupby("bracket", sort=False):
    before = group["epochs"] - group["trained"]
    bars = ax.bar(group.index, group["trained"], bottom=before, label=f"bracket {bracket}")
    ax.bar(group.index, before, color="none", edgecolor=bars[0].get_facecolor(), ls=":")
ax.set(xlabel="trial", ylabel="epochs", title="Hyperband, trial by trial")
ax.legend(loc="upper left");

# %% [markdown]
# **In the figure:** a bar for each trial, in the order of the search, coloured by bracket. Full bars are epochs that were trained in this trial; dotted outlines below are epochs taken over from an earlier trial of the same
# configuration. The first bracket has many short bars and a few long ones, the last one only long ones.
#
# So "trials" of Hyperband are *visits*: some configurations are visited several times. And the last bracket is nothing but a small random search: a hedge for tasks where an early curve does not tell. Does it tell here?

# %%
curves = bank.table.query("seed == 1").pivot_table("val_acc", space, "epoch").cummax(axis=1)
for epochs in (1, 2, 5, 10):
    agreement = curves[epochs].corr(curves[bank.epochs], method="spearman")
    print(f"rank after {epochs:2} epochs against the rank in the end: correlation {agreement:.4f}")

# %% claim
assert rounds["trained"].sum() == by_round["epochs_spent"].sum() == 166
assert len(rounds) == TRIALS
early = curves[2].corr(curves[bank.epochs], method="spearman")
assert early > 0.6, "an early score tells much about the late one"

# %% [markdown]
# ## When does each win?
#
# | strategy | choose it when | beware |
# | --- | --- | --- |
# | grid | there are one or two hyperparameters, and you want a picture of them | the number of combinations multiplies |
# | random | you begin, or many machines work at once; and always as the opponent | it never learns |
# | Bayesian | trials are expensive and few, and the hyperparameters are numbers | needs a random start; each proposal costs time; one after the other |
# | Hyperband | early epochs tell about late ones | slow starters (small learning rates!) are thrown out |
#
# And where the bands overlap, none of them wins: then take the simplest.
#
# ## Beat the tuner
#
# Your turn. Pick a configuration, train it (in no time: the bank has it), and look whether your best is above random search's. You have twelve trials. Use what you learnt in notebook 06.

# %%
from helpers import BeatTheTuner

game = BeatTheTuner(bank, [best_of(k) for k in range(1, 13)])
game

# %% [markdown]
# **In the figure:** a dashed line that climbs in steps: random search's best score after each trial, in the median. Run the cell in JupyterLab and there are buttons above it; each trial that you play adds a dot, and a line for your best so far.
#
# No buttons there? Then play in code: `game.play(num_hidden=100, num_layers=1, dropout=0.0, learning_rate=1e-3, batch_size=128)`.
#
# ## What you can do now
#
# - You can say what each strategy does with its trials.
# - You can race strategies over many seeds, and you look at the bands before the lines.
# - You can work out how many random trials are enough for your taste.
# - You can read Hyperband's brackets, and count in epochs instead of trials.
# - You know whether you can beat random search.
#
# ## Exercises
#
# ### Exercise A
#
# How many random trials does it take to find one of the best *one* in a hundred configurations, in the median? Use `best_of`.

# %% answer
answer_a = ...  # a number of trials

# %% self-check
def check_a(answer):
    if answer is ...:
        return "Not answered yet."
    goal = np.quantile(ranked, 0.99)
    assert best_of(answer) >= goal, f"{answer} are too few."
    assert best_of(answer - 1) < goal, f"{answer} are enough, but fewer would do as well."
    return "Right."


check_a(answer_a)

# %% solution
solution_a = next(k for k in range(1, 200) if best_of(k) >= np.quantile(ranked, 0.99))
check_a(solution_a)

# %% [markdown]
# ### Exercise B
#
# How many epochs does Hyperband spend with `factor=4`? Make the tuner, search, and add up.

# %% answer
def answer_b():
    return ...  # epochs


# %% self-check
def check_b(epochs_with_factor_4):
    epochs = epochs_with_factor_4()
    if epochs is ...:
        return "Not answered yet."
    assert epochs != rounds["trained"].sum(), "That is what factor=3 spends."
    other = bank.tuner(keras_tuner.Hyperband, seed=2, max_epochs=bank.epochs, factor=4)
    other.search()
    assert epochs == other.replayed()["epochs"].sum(), f"{epochs} are not all of its epochs."
    return "Right."


check_b(answer_b)

# %% solution
def solution_b():
    tuner = bank.tuner(keras_tuner.Hyperband, seed=1, max_epochs=bank.epochs, factor=4)
    tuner.search()
    return tuner.replayed()["epochs"].sum()


check_b(solution_b)

# %% [markdown]
# ### Exercise C
#
# Beat random search: play twelve trials by hand with `play`, and end above its median. (The solution uses what notebook 06 found: small learning rates, wide layers.)

# %% answer
def answer_c(game):
    return ...  # the game, after you have played


# %% self-check
def check_c(player):
    played = player(BeatTheTuner(bank, [best_of(k) for k in range(1, 13)]))
    if played is ...:
        return "Not answered yet."
    assert len(played.scores) == 12, f"You played {len(played.scores)} trials, not 12."
    assert max(played.scores) > best_of(12), played.verdict()
    return "Right."


check_c(answer_c)

# %% solution
def solution_c(game):
    for num_hidden in (300, 400):
        for num_layers in (1, 2, 3):
            for rate in (3e-4, 1e-3):
                values = {"num_layers": num_layers, "dropout": 0.0, "learning_rate": rate}
                game.play(num_hidden=num_hidden, batch_size=128, **values)
    return game


check_c(solution_c)

# %% [markdown]
# ## Where to read on
#
# - Notebook 08 asks whether the winner of such a race deserves to win.
# - Li et al., [Hyperband](https://jmlr.org/papers/v18/16-558.html), 2018.
# - Snoek, Larochelle and Adams, [Practical Bayesian Optimization of Machine Learning Algorithms](https://arxiv.org/abs/1206.2944), 2012.
# - Dodge et al., [Show Your Work](https://aclanthology.org/D19-1224/), 2019: report the expected best of $k$ trials.
#
# ## Versions

# %%
import sys

import keras

print("python", sys.version.split()[0])
print("keras", keras.__version__)
print("keras_tuner", keras_tuner.__version__)
