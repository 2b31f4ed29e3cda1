# %% [markdown]
# # 08 Decide whether to trust the winner
#
# A search always has a winner. Sometimes it is better than the others, and sometimes it is the one that was lucky. This notebook measures luck, and ends with a rule that you can apply to any
# search.
#
# **You will**
#
# - measure the noise floor of a training, and draw it as a band;
# - feel the winner's curse where there is nothing to win;
# - measure what it costs to select on the test set;
# - compare four things that people call "the best model";
# - decide by a rule, and not by the third decimal.
#
# **You need** notebooks 01 to 07, and the images of notebook 02. It trains small networks for some minutes at the `class` budget; the rest is answered by the bank of recorded trials.

# %%
from helpers import get_budget

budget = get_budget()
print(budget)

# %%
import keras

from helpers import load_cifar10, train_validation_split

(x, y), _ = load_cifar10()
y = keras.utils.to_categorical(y, num_classes=10)
apart = {"validation": budget.validation_images}
(x, y), (x_fresh, y_fresh) = train_validation_split(x, y, **apart, seed=1)
half = budget.train_images // 2
(x_train, y_train), (x_val, y_val) = train_validation_split(x, y, **apart, train=half, seed=2)

# %% [markdown]
# Three parts this time: to train on, to validate on, and **fresh** images that play the role of a test set. (The real one stays sealed: this notebook looks more than once, on purpose.)
#
# ## The noise floor
#
# Train the *same* configuration again, with another seed: other initial weights, another order of the images. **Predict before you run:** in which decimal will the validation
# accuracies differ?

# %%
import keras_tuner

from helpers import build_model

hp = keras_tuner.HyperParameters()
hp.Fixed("num_hidden", 200)
models = []
for seed in range(1, budget.trials + 1):
    keras.utils.set_random_seed(seed)
    model = build_model(hp)
    model.fit(x_train, y_train, batch_size=128, epochs=budget.epochs, verbose=0)
    models.append(model)

# %%
import numpy as np

accs = np.array([model.evaluate(x_val, y_val, verbose=0)[1] for model in models])
print("validation accuracies", " ".join(f"{acc:.3f}" for acc in accs))
print(f"from the worst to the best {np.ptp(accs):.3f}, standard deviation {accs.std(ddof=1):.3f}")

# %% claim
assert len(set(accs)) > 1, "the same configuration, another score"

# %% [markdown]
# Nothing but the seed has changed. This spread is the **noise floor**: below it, a difference between two configurations means nothing.
#
# A few seeds of one configuration give a rough figure. The bank of recorded trials has two seeds of *every* configuration, so many pairs tell it more precisely. If one training has the standard deviation
# $\sigma$, the difference of two has $\sqrt{2}\,\sigma$. We take the half of the configurations that do well; nobody needs to know how precisely a bad one is bad.

# %%
from helpers import load_bank

bank = load_bank()
space = list(bank.space)
scores = bank.table.groupby([*space, "seed"])["val_acc"].max().unstack("seed")
good = scores[scores.mean(axis=1) >= scores.mean(axis=1).median()]
sigma = np.sqrt(((good[1] - good[2]) ** 2).mean() / 2)
print(f"{len(good)} configurations, each with two seeds: sigma = {sigma:.4f}")

# %%
import matplotlib.pyplot as plt

ranked = scores.loc[scores.mean(axis=1).sort_values(ascending=False).index].head(60)
places = np.arange(1, len(ranked) + 1)
best = ranked.mean(axis=1).iloc[0]
band = 2 * sigma  # two means of two seeds each: sqrt(sigma**2 / 2 + sigma**2 / 2) = sigma
fig, ax = plt.subplots(figsize=(10, 4))
ax.axhspan(best - band, best, color="#E69F00", alpha=0.3, label="within the noise of the best")
ax.vlines(places, ranked.min(axis=1), ranked.max(axis=1), color="#56B4E9")
ax.plot(places, ranked[1], "o", color="#0072B2", ms=4, label="seed 1")
ax.plot(places, ranked[2], "s", color="#D55E00", ms=4, label="seed 2")
ax.set(xlabel="rank of the configuration, by its mean", ylabel="best validation accuracy")
ax.legend();

# %% [markdown]
# **In the figure:** the best sixty configurations from left to right, each with a dot for the first seed, a square for the second, and a line between them. A shaded band reaches from the best mean two standard deviations down; many
# configurations lie in it.
#
# The difference between two means of two seeds has the standard deviation $\sigma$, and the band is twice as wide. A configuration in the band may well be the best one. Count them:

# %%
within = int((scores.mean(axis=1) >= best - band).sum())
print(f"{within} of {len(scores)} configurations are within the noise of the best")

# %% claim
assert 0.001 < sigma < 0.01, "the noise floor is some tenths of a point"
assert within >= 5, "the winner is not alone"

# %% [markdown]
# ## The winner's curse
#
# Now a search in which there is *nothing* to find: the labels are random. Every model's true accuracy is one tenth, whatever its width. **Predict before you run:** what will the *best* of twenty trials score on the
# validation images?

# %%
rng = np.random.default_rng(1)
parts = {"train": slice(0, 400), "val": slice(400, 800), "fresh": slice(800, 2000)}
pixels = {part: x[where, ::4, ::4] for part, where in parts.items()}
random_labels = {part: rng.integers(10, size=len(few)) for part, few in pixels.items()}


def accuracy(model, part):
    return float(np.mean(np.argmax(model(pixels[part]), axis=1) == random_labels[part]))

# %% [markdown]
# The search itself, written by hand this time: draw a width, train, score; twenty times. There is no more to it.

# %%
trials = []
for seed, width in enumerate(rng.integers(5, 100, size=20), start=1):
    keras.utils.set_random_seed(seed)
    hidden = keras.layers.Dense(int(width), activation="relu")
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), hidden]
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    # So small that to compile it takes longer than to train it.
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    model.fit(pixels["train"], random_labels["train"], batch_size=200, verbose=0)
    trials.append((accuracy(model, "val"), model))

# %%
tiny_scores = np.array([score for score, _ in trials])
winner = trials[int(tiny_scores.argmax())][1]
on_fresh = accuracy(winner, "fresh")
print(f"mean of all trials         {tiny_scores.mean():.3f}")
print(f"the winner, when it won    {tiny_scores.max():.3f}")
print(f"the winner on fresh images {on_fresh:.3f}")

# %% claim
assert tiny_scores.max() > 0.11, "the winner looks better than chance"
assert on_fresh < tiny_scores.max(), "and on fresh images that is gone"
assert abs(on_fresh - 0.1) < 0.035, "where it is at the chance level"

# %% [markdown]
# The winner won by luck alone, and luck does not come along to fresh images. This is the **winner's curse**: the score that made a trial the winner is too good, on average, and
# the more trials there are, the more it flatters. On real labels it is the same, with skill mixed in. The bank can tell how much: let many small searches choose by one seed, and look at the winner's *other* seed.

# %%
rng = np.random.default_rng(1)
both = good.to_numpy()
flattery = {}
for trials in (1, 3, 10, 30, 100):
    draws = np.array([rng.choice(len(both), trials, replace=False) for _ in range(2000)])
    winners = draws[np.arange(2000), both[draws, 0].argmax(axis=1)]
    flattery[trials] = (both[winners, 0] - both[winners, 1]).mean() / sigma
    print(f"best of {trials:3}: flatters by {flattery[trials]:5.2f} sigma")

# %% claim
assert abs(flattery[1]) < 0.2, "without a choice there is no flattery"
assert flattery[30] > 0.3, "with a choice there is"
assert flattery[30] > flattery[3] > flattery[1] - 0.05, "and more with more trials"

# %% [markdown]
# ## What it costs to select on the test set
#
# The lecture passes its test set as `validation_data`. What is wrong with that? Here is the cost, measured. We take the networks from the beginning (one configuration, several seeds), cut the fresh
# images in two halves, choose the best network by one half, and compare its score there with its score on the other half. Then again, with other halves.

# %%
answers = y_fresh.argmax(axis=1)
right = np.array([m.predict(x_fresh, verbose=0).argmax(axis=1) == answers for m in models])
rng = np.random.default_rng(1)
chosen_on, other_half = [], []
for _ in range(500):
    first, second = np.array_split(rng.permutation(len(answers)), 2)
    winner = right[:, first].mean(axis=1).argmax()
    chosen_on.append(right[winner, first].mean())
    other_half.append(right[winner, second].mean())
print(f"on the half that chose    {np.mean(chosen_on):.3f}")
print(f"on the half that did not  {np.mean(other_half):.3f}")

# %% claim
assert np.mean(chosen_on) > np.mean(other_half), "what selects can no longer judge"

# %% [markdown]
# A small difference here, for a handful of networks that are about equally good. It grows with the number of trials and shrinks with the number of images, and it always points the same way. A test set that has selected anything is a
# validation set.
#
# ## Four meanings of "the best model"
#
# "Take the best model of the search." Which one is that?
#
# 1. the **checkpoint**: the weights of the best epoch of the trial. What `get_best_models` gives.
# 2. **continued**: the checkpoint, trained on for longer.
# 3. **retrained**: the same hyperparameters, from scratch, in full. What `get_best_hyperparameters` is for.
# 4. **retrained on everything**: the same, on training and validation images together. No images are left to watch it with.
#
# Which is the best? Train all four, from the same seeds. **Predict before you run:** their order on fresh images.

# %%
seeds = range(1, 1 + max(2, budget.trials // 2))
long = budget.retrain_epochs // 2
x_all, y_all = np.concatenate([x_train, x_val]), np.concatenate([y_train, y_val])


def train(seed, x, y, epochs):
    keras.utils.set_random_seed(seed)
    model = build_model(hp)
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    return model, model.evaluate(x_fresh, y_fresh, verbose=0)[1]

# %%
four = {name: [] for name in ("checkpoint", "continued", "retrained", "on everything")}
for seed in seeds:
    model, acc = train(seed, x_train, y_train, budget.epochs)
    four["checkpoint"].append(acc)
    model.fit(x_train, y_train, batch_size=128, epochs=long - budget.epochs, verbose=0)
    four["continued"].append(model.evaluate(x_fresh, y_fresh, verbose=0)[1])
    four["retrained"].append(train(seed, x_train, y_train, long)[1])
    four["on everything"].append(train(seed, x_all, y_all, long)[1])

# %%
fig, ax = plt.subplots(figsize=(8, 3.2))
for row, (name, accs) in enumerate(four.items()):
    ax.plot(accs, [row] * len(accs), "o", color="#0072B2", alpha=0.6, ms=9)
    ax.plot(np.mean(accs), row, "|", color="black", ms=26, mew=3)
    print(f"{name:14} {np.mean(accs):.3f} in the mean of {len(accs)} seeds")
ax.set_yticks(range(4), four)
ax.set(xlabel="accuracy on fresh images")
ax.grid(axis="x", alpha=0.3)
ax.invert_yaxis();

# %% [markdown]
# **In the figure:** four rows, one for each meaning; a dot for each seed, and a black stroke at their mean. The checkpoint lies to the left of the one that was retrained on everything.
#
# Longer training pays, and more images pay. Whether *continued* and *retrained* differ is, with so few seeds, a matter of noise: look at how far the dots of one row lie apart. What differs is what you can say about them: only
# for the first three do the validation images still tell you anything.

# %% claim
means = {name: np.mean(accs) for name, accs in four.items()}
assert means["on everything"] > means["checkpoint"], "longer and on more images is better"
assert means["retrained"] > means["checkpoint"] - 0.01, "longer training does not hurt"

# %% [markdown]
# ## A rule
#
# 1. Measure the noise floor $\sigma$: the same configuration, several seeds.
# 2. A difference counts if it is larger than twice its own standard deviation. For means of $n_a$ and $n_b$ trainings that is $\sigma\sqrt{1/n_a + 1/n_b}$.
# 3. Among those that can't be told from the best, take the simplest.
# 4. Judge that one on the test set, once.

# %%
def decide(a, b, sigma):
    """Returns "a", "b" or "draw" from the scores of two configurations."""
    difference = np.mean(a) - np.mean(b)
    if abs(difference) <= 2 * sigma * np.sqrt(1 / len(a) + 1 / len(b)):
        return "draw"
    return "a" if difference > 0 else "b"

# %% [markdown]
# Does the rule keep its promise? The bank can be asked: decide between two configurations by their first seeds, and look whether the second seeds agree. For all pairs of good configurations:

# %%
first, second = good[1].to_numpy(), good[2].to_numpy()
i, j = np.triu_indices(len(good), k=1)
gap = np.abs(first[i] - first[j]) / (np.sqrt(2) * sigma)
agrees = (first[i] > first[j]) == (second[i] > second[j])
shares = {}
for low, high in [(0, 1), (1, 2), (2, 3), (3, np.inf)]:
    inside = (gap >= low) & (gap < high)
    shares[low] = agrees[inside].mean()
    print(f"gap of {low} to {high} standard deviations: {100 * shares[low]:.1f} % of pairs agree")

# %% claim
assert shares[0] < 0.75, "a close race is little better than the toss of a coin"
assert shares[3] > 0.95, "a clear one is clear the second time, too"
assert shares[0] < shares[1] < shares[2] < shares[3]

# %% [markdown]
# And the third step: what does it cost to take the simplest among the equals? By *simple* we mean few parameters.

# %%
parameters = bank.table.groupby(space)["parameters"].first()
means = scores.mean(axis=1)
equals = means[means >= best - band].index
simplest = parameters[equals].idxmin()
for name, chosen in (("best", means.idxmax()), ("simplest", simplest)):
    values = ", ".join(f"{n}={v:g}" for n, v in zip(space, chosen, strict=True))
    print(f"{name:8} {means[chosen]:.4f}, {parameters[chosen]:9,} parameters: {values}")

# %% claim
assert parameters[simplest] < parameters[means.idxmax()], "a smaller network does as well"
assert means.max() - means[simplest] <= band

# %% [markdown]
# ## What you can do now
#
# - You can measure a noise floor, and draw it as a band.
# - You know the winner's curse, and that it grows with the number of trials.
# - You know that what selects can no longer judge.
# - You can say which of the four best models you mean.
# - You decide by a rule, and you call a draw a draw.
#
# ## Exercises
#
# ### Exercise A
#
# One configuration was trained five times: `0.470, 0.474, 0.468, 0.476, 0.472`. Another one, trained once, scores `0.479`. With the noise of the five, is it better? Answer `"better"` or `"draw"`.

# %% answer
answer_a = ...

# %% self-check
def check_a(answer):
    if answer is ...:
        return "Not answered yet."
    five = [0.470, 0.474, 0.468, 0.476, 0.472]
    verdict = decide([0.479], five, np.std(five, ddof=1))
    assert answer in ("better", "draw"), 'Answer "better" or "draw".'
    assert answer == {"a": "better", "draw": "draw"}[verdict], f"The rule says: {verdict}."
    return "Right."


check_a(answer_a)

# %% solution
noise_a = np.std([0.470, 0.474, 0.468, 0.476, 0.472], ddof=1)
gap_a = 0.479 - 0.472
solution_a = "better" if gap_a > 2 * noise_a * np.sqrt(1 + 1 / 5) else "draw"
check_a(solution_a)

# %% [markdown]
# ### Exercise B
#
# How many trainings of *each* of two configurations does it take to tell a difference of one $\sigma$ by the rule?

# %% answer
answer_b = ...  # trainings of each

# %% self-check
def check_b(answer):
    if answer is ...:
        return "Not answered yet."
    assert 1 > 2 * np.sqrt(2 / answer), f"{answer} of each are too few."
    assert 1 <= 2 * np.sqrt(2 / (answer - 1)), f"{answer} are enough, but fewer would do as well."
    return "Right."


check_b(answer_b)

# %% solution
solution_b = next(n for n in range(1, 100) if 1 > 2 * np.sqrt(2 / n))
check_b(solution_b)

# %% [markdown]
# ### Exercise C
#
# A colleague ran a search of the bank's space, one training per configuration (`scores[1]`), and reports its best score. How much of the lead over the *second best* is left with the other seed? Return both leads, first with `scores[1]`, then with `scores[2]` for
# the same two configurations.

# %% answer
def answer_c(scores):
    return ...  # two numbers


# %% self-check
def check_c(leads):
    found = leads(scores)
    if found is ...:
        return "Not answered yet."
    top = scores[1].sort_values(ascending=False)
    assert np.isclose(found[0], top.iloc[0] - top.iloc[1]), "The first lead is by scores[1]."
    again = scores.loc[top.index[0], 2] - scores.loc[top.index[1], 2]
    assert np.isclose(found[1], again), "The second lead is of the same two, by scores[2]."
    return "Right."


check_c(answer_c)

# %% solution
def solution_c(scores):
    two = scores.sort_values(1, ascending=False).head(2)
    return two[1].iloc[0] - two[1].iloc[1], two[2].iloc[0] - two[2].iloc[1]


check_c(solution_c)

# %% [markdown]
# ## Where to read on
#
# - Cawley and Talbot, [On Over-fitting in Model Selection](https://jmlr.org/papers/v11/cawley10a.html), 2010.
# - Bouthillier et al., [Accounting for Variance in Machine Learning Benchmarks](https://arxiv.org/abs/2103.03098), 2021.
# - Recht et al., [Do CIFAR-10 Classifiers Generalize to CIFAR-10?](https://arxiv.org/abs/1806.00451), 2018: a new test set for our images.
#
# ## Versions

# %%
import sys

print("python", sys.version.split()[0])
print("keras", keras.__version__)
print("keras_tuner", keras_tuner.__version__)
