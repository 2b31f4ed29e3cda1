# %% [markdown]
# # 06 Design a search space
#
# The lecture tunes one number. Real models have many, and what a search can find is decided before it begins: by the space that you give it. This
# notebook goes from one hyperparameter to five, and checks each decision against evidence.
#
# **You will**
#
# - write a `HyperModel` that tunes the batch size and the epochs as well;
# - choose between a linear and a logarithmic scale, and say what the wrong one costs;
# - use conditions, and know which values of a trial mean nothing;
# - read parallel coordinates and importances, and tell an importance from luck;
# - check whether the best point lies at the edge of the space.
#
# **You need** notebooks 01 to 05, and the images of notebook 02. There is one search of some minutes at the `class` budget; everything else is answered from recorded
# trials, in seconds.

# %%
from helpers import get_budget

budget = get_budget()
print(budget)

# %% [markdown]
# ## From one hyperparameter to five
#
# Which numbers should be in the space? Google's [tuning playbook](https://github.com/google-research/tuning_playbook) sorts them by the question that you ask:
#
# - **scientific**: what you want to know about (here: how wide, how deep);
# - **nuisance**: what has to be right for a fair comparison, although you don't ask about it (the learning rate: each width may want its own);
# - **fixed**: what stays as it is, and limits what you may conclude (the optimizer, the number of epochs).
#
# One builder with the first two kinds in it. `Dropout` leaves out a share of the units, at random, while training.

# %%
import keras


def build_mlp(hp):
    num_hidden = hp.Int("num_hidden", min_value=50, max_value=1000, step=50)
    dropout = hp.Float("dropout", min_value=0.0, max_value=0.5, step=0.1)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    for _ in range(hp.Int("num_layers", min_value=1, max_value=3)):
        layers += [keras.layers.Dense(num_hidden, activation="relu"), keras.layers.Dropout(dropout)]
    layers += [keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input(shape=(32, 32, 3), dtype="uint8"), *layers])

# %% [markdown]
# Before a search, build the smallest and the largest model that the space allows. It costs a second, and finds most mistakes.

# %%
import keras_tuner

for num_layers, num_hidden in [(1, 50), (3, 1000)]:
    hp = keras_tuner.HyperParameters()
    hp.Fixed("num_layers", num_layers)
    hp.Fixed("num_hidden", num_hidden)
    print(f"{num_layers} x {num_hidden:4}: {build_mlp(hp).count_params():9,} parameters")

# %% [markdown]
# ## What `fit` needs: the batch size
#
# The batch size is no property of the model, but an argument of `fit`. A function can't reach it; a `HyperModel` can. It has two methods: `build` makes and compiles
# the model, `fit` trains it.

# %%
from helpers import xla_for_dense


class TunedMLP(keras_tuner.HyperModel):
    def build(self, hp):
        model = build_mlp(hp)
        rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
        model.compile(
            optimizer=keras.optimizers.Adam(rate),
            loss="categorical_crossentropy",
            metrics=["acc"],
            jit_compile=xla_for_dense(),
        )
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Choice("batch_size", [128, 512]), **kwargs)

# %% [markdown]
# `hp` has to reach `fit`, and `fit` has to **return the history**: KerasTuner reads the score from it. In the same way `fit` can tune `epochs`, with
# `hp.Int("epochs", ...)`. But more epochs nearly always score better, so that alone is no fair question; a fixed number, or early stopping (notebook 10), is.
#
# **Predict before you run:** a tuner has called `build` once. How many hyperparameters does it know of, four or five?

# %%
tuner = keras_tuner.RandomSearch(
    TunedMLP(),
    objective="val_acc",
    max_trials=budget.trials,
    overwrite=True,
    directory="searches",
    project_name="five",
    seed=7,
)
print([hp.name for hp in tuner.oracle.get_space().space])

# %% [markdown]
# Four. It has not called `fit`, so it can't know of `batch_size` until the first trial has run, and that trial takes the default, the first of the choices. With few trials
# this is a waste. Declare it in advance, and hand it to the tuner:

# %%
hp = keras_tuner.HyperParameters()
hp.Choice("batch_size", [128, 512])
tuner = keras_tuner.RandomSearch(
    TunedMLP(),
    objective="val_acc",
    max_trials=budget.trials,
    hyperparameters=hp,
    overwrite=True,
    directory="searches",
    project_name="five",
    seed=7,
)

# %%
names = [hp.name for hp in tuner.oracle.get_space().space]
print(names)

# %% claim
assert set(names) == {"num_hidden", "num_layers", "dropout", "learning_rate", "batch_size"}

# %% [markdown]
# ## Linear or logarithmic?
#
# `learning_rate` is drawn with `sampling="log"`. Why? Its range spans two decades, from `1e-4` to `1e-2`.
#
# **Predict before you run:** of a thousand *linear* draws from this range, how many lie in its lower decade, below `1e-3`?

# %%
low, middle, high = 1e-4, 1e-3, 1e-2
linear_share = (middle - low) / (high - low)
print(f"linear: {1000 * linear_share:.0f} of 1000 draws in the lower decade")
print("log:    500 of 1000 draws in the lower decade")

# %% [markdown]
# What does it cost to look in the wrong decade? To find out, you would have to repeat whole searches, many times. That is too slow to do live, so it was done in
# advance: the course has a **bank** of recorded trials. Every combination of a few values of all five hyperparameters was trained, for real, on CIFAR-10, and every epoch of every training
# was written down. (`bank/README.md` says how.) A search that asks the bank instead of training takes milliseconds.

# %%
from helpers import load_bank

bank = load_bank()
for name, values in bank.space.items():
    print(f"{name:14} {', '.join(f'{value:g}' for value in values)}")
print(f"{len(bank.table):,} rows: each of {bank.epochs} epochs, from {len(bank.seeds)} seeds")

# %% [markdown]
# As KerasTuner does, we score a training by its best epoch. One row a training:

# %%
space = list(bank.space)
trainings = bank.table.groupby([*space, "seed"])["val_acc"].max().rename("score").reset_index()
by_rate = trainings.groupby("learning_rate")["score"].describe()[["min", "50%", "max"]]
by_rate.round(4)

# %%
import matplotlib.pyplot as plt

rates = list(bank.space["learning_rate"])
fig, ax = plt.subplots(figsize=(7.5, 3.8))
ax.boxplot([trainings.query("learning_rate == @rate")["score"] for rate in rates], whis=(0, 100))
ax.set_xticks(range(1, len(rates) + 1), [f"{rate:g}" for rate in rates])
ax.set(xlabel="learning rate (each step about a factor of three)", ylabel="validation accuracy")
ax.grid(axis="y", alpha=0.3);

# %% [markdown]
# **In the figure:** a box for every recorded learning rate: the middle half of all configurations with that rate, the line in it the median, and whiskers from the worst to the best. The boxes
# of the two largest rates lie lower than the others.
#
# The good rates are the small ones, where a linear scale hardly looks. Here is the price. We draw rates both ways, take the nearest recorded one, draw the other
# four hyperparameters at random, and note the best score so far; then all again, many times.

# %%
import numpy as np

from helpers import plot_bands

REPEATS, TRIALS = 300, 20
rng = np.random.default_rng(1)
shape = (REPEATS, TRIALS)
drawn = {
    "logarithmic": np.exp(rng.uniform(np.log(low), np.log(high), shape)),
    "linear": rng.uniform(low, high, shape),
}

# %%
by_rate_scores = [trainings.query("learning_rate == @rate")["score"].to_numpy() for rate in rates]


def best_so_far(drawn_rates):
    distance = np.abs(np.log(drawn_rates[..., None]) - np.log(rates))
    nearest = distance.argmin(axis=-1)
    picks = rng.integers(len(by_rate_scores[0]), size=nearest.shape)
    return np.maximum.accumulate(np.stack(by_rate_scores)[nearest, picks], axis=1)


races = {name: best_so_far(values) for name, values in drawn.items()}
trials = range(1, TRIALS + 1)
plot_bands(races, steps=trials, xlabel="trials", ylabel="best accuracy so far", floor=0.4)

# %% [markdown]
# **In the figure:** the best score so far over the number of trials, for both scales: a line for the median of all repeats, and a band that holds the middle of them. The logarithmic scale lies
# above the linear one.
#
# The linear scale gets there too, but later. How much later? Count the trials that each scale needs for the same median:

# %%
medians = {name: np.median(values, axis=0) for name, values in races.items()}
target = medians["linear"][-1]
needed = {name: int(np.argmax(values >= target)) + 1 for name, values in medians.items()}
print(f"to reach {target:.4f} in the median: {needed} trials")

# %% claim
assert linear_share < 0.1, "a linear scale hardly looks at the lower decade"
assert needed["linear"] >= 2 * needed["logarithmic"], "the wrong scale costs half of the trials"
assert (medians["logarithmic"] >= medians["linear"]).all()

# %% [markdown]
# The rule: what acts by *factors* (learning rate, weight decay, number of units over a wide range) belongs on a logarithmic scale; what acts by *differences* (a share such as
# dropout, a number of layers) on a linear one.
#
# ## Conditions, and values that mean nothing
#
# Should every layer have a width of its own? Then the space grows with the number of layers, and this is how nearly everybody writes it:

# %%
def widths(hp):
    layers = hp.Int("num_layers", min_value=1, max_value=3)
    return [hp.Int(f"units_{i}", min_value=50, max_value=200, step=50) for i in range(layers)]


class OnlyDraw(keras_tuner.RandomSearch):
    def run_trial(self, trial, **unused):
        self.hypermodel.build(trial.hyperparameters)
        return {"loss": 0.0}

# %% [markdown]
# (This tuner trains nothing: it overrides `run_trial`, and returns a made-up loss. We only want to see which values its trials list.)
#
# **Predict before you run:** a trial with one layer. Does it have a value for `units_2`?

# %%
from helpers import trials_table


def drawn(build, name):
    how = {"overwrite": True, "directory": "searches", "project_name": name, "seed": 4}
    drawing = OnlyDraw(build, objective="loss", max_trials=8, **how)
    drawing.search(verbose=0)
    return trials_table(drawing)[["num_layers", "units_0", "units_1", "units_2"]]


table = drawn(widths, "without_condition")
table

# %% [markdown]
# It has, as soon as an earlier trial had three layers: from then on KerasTuner knows of `units_2`, and draws it for everyone. Where the network has fewer layers, the value had no effect. Whoever plots `units_2`
# against the score mixes in noise; and a Bayesian search learns from that noise. A condition says which values count (notebook 01):

# %%
def widths_with_condition(hp):
    units = []
    for i in range(hp.Int("num_layers", min_value=1, max_value=3)):
        with hp.conditional_scope("num_layers", list(range(i + 1, 4))):
            units += [hp.Int(f"units_{i}", min_value=50, max_value=200, step=50)]
    return units


clean = drawn(widths_with_condition, "with_condition")
clean

# %% claim
def meaningless(table):
    return sum(table.loc[table["num_layers"] <= i, f"units_{i}"].notna().sum() for i in (1, 2))


assert meaningless(table) > 0, "values without effect, listed as if they had one"
assert meaningless(clean) == 0, "with conditions there are none"

# %% [markdown]
# ## Search the larger space
#
# Now live, with the tuner from above. **Predict before you run:** five hyperparameters, and as many trials as the lecture had for one. Will the best trial be clearly better than the lecture's?

# %%
from helpers import load_cifar10, train_validation_split, watch

(x_train, y_train), _ = load_cifar10()
y_train = keras.utils.to_categorical(y_train, num_classes=10)
(x_train, y_train), (x_val, y_val) = train_validation_split(
    x_train, y_train, train=budget.train_images, validation=budget.validation_images
)
keras.utils.set_random_seed(1)
watch(tuner)
tuner.search(
    x_train, y_train, validation_data=(x_val, y_val), epochs=budget.epochs, verbose=0
)

# %% nbval-ignore-output
table = trials_table(tuner)
table[[*names, "score", "rank", "seconds", "parameters"]].round(4)

# %% claim
assert (table["status"] == "COMPLETED").all() and len(table) == budget.trials
assert table[names].notna().all().all(), "every trial has a value for all five"

# %% [markdown]
# A handful of trials in five dimensions is a handful of darts thrown at a wall. To read a space, one needs more of them. From here on the bank plays the search: the same five hyperparameters,
# and as many trials as we like.
#
# ## Read many trials at once: parallel coordinates
#
# A hundred trials of a random search, answered by the bank:

# %%
from helpers import plot_parallel

searched = bank.tuner(keras_tuner.RandomSearch, max_trials=100, seed=1)
searched.search()
found = trials_table(searched)
plot_parallel(found, space)

# %% [markdown]
# **In the figure:** five vertical axes, one for each hyperparameter, small values at the bottom. Each trial is a line across all of them, coloured by its score, from dark (bad) to light (good); the
# best one is drawn thick.
#
# Follow the light lines. Where they all pass through the same part of an axis, that hyperparameter matters, and you see which values are good. Where light and dark lines pass everywhere,
# it does not matter, or only together with another.

# %% claim
assert len(found) == 100 and (found["status"] == "COMPLETED").all()
top, bottom = found.nsmallest(20, "rank"), found.nlargest(20, "rank")
assert top["learning_rate"].max() <= 3e-3, "the light lines avoid the largest rates"
assert bottom["learning_rate"].median() >= 3e-3, "the dark ones pass through them"

# %% [markdown]
# ## Importance, and its null
#
# How much does each hyperparameter matter? A common answer: fit a model that predicts the score from the values, here a random forest; then shuffle one column
# and see by how much the prediction gets worse (*permutation importance*). The prediction is judged by $R^2$, where 1 is perfect, on trials that the forest has not seen.

# %%
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import ShuffleSplit


def importances(values, scores):
    found = []
    for fit, judge in ShuffleSplit(4, test_size=0.3, random_state=0).split(values):
        forest = RandomForestRegressor(n_estimators=20, random_state=0)
        forest.fit(values[fit], scores[fit])
        shuffled = permutation_importance(forest, values[judge], scores[judge], random_state=0)
        found.append(shuffled.importances_mean)
    return np.mean(found, axis=0)

# %% [markdown]
# But does such a number mean anything? **Predict before you run:** if we shuffle the scores among the trials, so that nothing can matter, will the importances be zero?

# %%
values = found[space].astype(float).to_numpy()
scores = found["score"].to_numpy()
measured = importances(values, scores)
rng = np.random.default_rng(1)
null = np.array([importances(values, rng.permutation(scores)) for _ in range(10)])

# %%
fig, ax = plt.subplots(figsize=(8, 3.8))
places = np.arange(len(space))
ax.barh(places, measured, color="#56B4E9", edgecolor="#0072B2", label="measured")
ax.plot(null.T, places, "|", color="black", ms=14)
ax.plot([], [], "|", color="black", ms=14, label="with shuffled scores")
ax.set_yticks(places, space)
ax.set(xlabel="importance (loss of $R^2$ when the column is shuffled)")
ax.legend();

# %% [markdown]
# **In the figure:** a bar for each hyperparameter, as long as its importance. On it, small black strokes: what the same procedure finds when the scores are shuffled. The bar of the learning rate reaches far beyond
# its strokes.
#
# The strokes are not all at zero. They are the **null**: the importances that pure chance gets. Only what clearly exceeds them is worth a sentence.

# %%
beyond = {name: bool(measured[i] > null[:, i].max()) for i, name in enumerate(space)}
for name, is_beyond in beyond.items():
    print(f"{name:14} {'beyond every shuffle' if is_beyond else 'not told from chance'}")

# %% claim
assert null.max() > 0.05, "chance has an importance, too"
assert space[int(measured.argmax())] == "learning_rate" and beyond["learning_rate"]

# %% [markdown]
# And importance is a statement about *this space*: narrow the range of the learning rate to its good part, and another hyperparameter becomes the most important one (exercise B).
#
# ## Is the best point at the edge?
#
# The last check costs one line and is the one most often forgotten. If the best values lie at the boundary of the space, the optimum may lie beyond it. Don't look at the
# winner alone, it may be there by luck: look at the best few.

# %%
best_few = found.nsmallest(10, "rank")
for name in space:
    smallest, largest = bank.space[name][0], bank.space[name][-1]
    at_low, at_high = (best_few[name] == smallest).sum(), (best_few[name] == largest).sum()
    print(f"{name:14} of the best 10: {at_low:2} at the lower edge, {at_high:2} at the upper edge")

# %% [markdown]
# Read it with care. `dropout` and `batch_size` have only two values, so everything is at an edge. `dropout` can't go below 0. But many of the best at the upper edge of `num_hidden` says: wider
# networks may be better still; widen the space and search again.

# %% claim
upper = (best_few["num_hidden"] == max(bank.space["num_hidden"])).sum()
inner = best_few["learning_rate"].between(2e-4, 5e-3).sum()
assert upper >= 4, "the best are at the upper edge of the width: the space is too narrow there"
assert inner >= 8, "the best learning rates are inside the space"

# %% [markdown]
# ## What you can do now
#
# - You can write a `HyperModel` that tunes what `fit` takes, and you declare it in advance.
# - You can choose a scale, and you know what the wrong one costs.
# - You can use conditions, and you do not trust inactive values.
# - You can read parallel coordinates and importances, and you compare an importance with its null.
# - You look for the best points at the edge before you believe in an optimum.
#
# ## Exercises
#
# ### Exercise A
#
# Weight decay is to be tuned from `1e-6` to `1e-2`. What share of *linear* draws lies in the lower half of its four decades?

# %% answer
answer_a = ...  # a share from 0 to 1

# %% self-check
def check_a(answer):
    if answer is ...:
        return "Not answered yet."
    right = (1e-4 - 1e-6) / (1e-2 - 1e-6)
    assert abs(answer - 0.5) > 0.1, "Half of the draws would be there on a logarithmic scale."
    assert abs(answer - right) < 1e-3, "The lower half of the decades ends at 1e-4."
    return "Right."


check_a(answer_a)

# %% solution
solution_a = (1e-4 - 1e-6) / (1e-2 - 1e-6)
check_a(solution_a)

# %% [markdown]
# ### Exercise B
#
# Take from `found` only the trials whose learning rate is `1e-3` or less. Which hyperparameter is the most important one among them?

# %% answer
def answer_b(found):
    return ...  # its name


# %% self-check
def check_b(most_important):
    name = most_important(found)
    if name is ...:
        return "Not answered yet."
    good = found[found["learning_rate"] <= 1e-3]
    order = importances(good[space].astype(float).to_numpy(), good["score"].to_numpy())
    assert name in space, f"{name!r} is no hyperparameter."
    assert name == space[int(order.argmax())], f"{name} is not the most important one here."
    return "Right."


check_b(answer_b)

# %% solution
def solution_b(found):
    good = found[found["learning_rate"] <= 1e-3]
    measured = importances(good[space].astype(float).to_numpy(), good["score"].to_numpy())
    return space[int(measured.argmax())]


check_b(solution_b)

# %% [markdown]
# ### Exercise C
#
# Write a space with a condition: `num_layers` from 1 to 3, and `dropout` (0 to 0.5 in steps of 0.1) only where there are at least two layers.

# %% answer
def answer_c():
    return ...  # a HyperParameters object


# %% self-check
def check_c(make_space):
    hp = make_space()
    if hp is ...:
        return "Not answered yet."
    assert {one.name for one in hp.space} == {"num_layers", "dropout"}
    active = {}
    for layers in (1, 2, 3):
        hp.values["num_layers"] = layers
        active[layers] = hp.is_active("dropout")
    assert active == {1: False, 2: True, 3: True}, f"dropout is active: {active}"
    return "Right."


check_c(answer_c)

# %% solution
def solution_c():
    hp = keras_tuner.HyperParameters()
    hp.Int("num_layers", min_value=1, max_value=3)
    with hp.conditional_scope("num_layers", [2, 3]):
        hp.Float("dropout", min_value=0.0, max_value=0.5, step=0.1)
    return hp


check_c(solution_c)

# %% [markdown]
# ## Where to read on
#
# - Notebook 07 races the search strategies in this space.
# - Google, [Deep Learning Tuning Playbook](https://github.com/google-research/tuning_playbook): scientific, nuisance and fixed hyperparameters, and the check of the boundaries.
# - [scikit-learn: permutation importance](https://scikit-learn.org/stable/modules/permutation_importance.html), and its pitfalls.
# - [KerasTuner: tune what `fit` takes](https://keras.io/guides/keras_tuner/custom_tuner/).
#
# ## Versions

# %%
import sys

import sklearn

print("python", sys.version.split()[0])
print("keras", keras.__version__)
print("keras_tuner", keras_tuner.__version__)
print("scikit-learn", sklearn.__version__)
