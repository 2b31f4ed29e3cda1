// The rules of "Beat the tuner", and what the explorer filters by: pure functions, without a page. Scores are whole ten-thousandths.
"use strict";

globalThis.rules = {
  TRIALS: 12,
  // A band holds eight of ten searches, and a line is their median.
  SHARES: { low: 0.1, median: 0.5, high: 0.9 },

  // The number of a configuration in the recorded order: the last hyperparameter changes fastest.
  place(space, values) {
    return Object.entries(space).reduce(
      (place, [name, known]) => place * known.length + known.indexOf(values[name]),
      0,
    );
  },

  // The values of the configuration with this number.
  values(space, place) {
    const found = [];
    for (const [name, known] of Object.entries(space).reverse()) {
      found.unshift([name, known[place % known.length]]);
      place = Math.floor(place / known.length);
    }
    return Object.fromEntries(found);
  },

  // The numbers of the configurations with allowed values, and a score from `low` to `high`.
  matching(space, scores, { allowed, low, high }) {
    const places = scores.map((_, place) => place);
    return places.filter((place) => {
      const values = Object.entries(rules.values(space, place));
      return (
        scores[place] >= low &&
        scores[place] <= high &&
        values.every(([name, value]) => allowed[name].includes(value))
      );
    });
  },

  bestSoFar(scores) {
    return scores.map((_, i) => Math.max(...scores.slice(0, i + 1)));
  },

  // The probability that `drawn` different ones of n configurations are all among a given m.
  allAmong(m, n, drawn) {
    let chance = 1;
    for (let i = 0; i < drawn; i++) chance *= Math.max(0, m - i) / (n - i);
    return chance;
  },

  // The best score after `drawn` trials that this share of all random searches does not exceed.
  randomQuantile(scores, drawn, share) {
    const sorted = [...scores].sort((a, b) => a - b);
    const enough = sorted.findIndex(
      (_, i) => rules.allAmong(i + 1, sorted.length, drawn) >= share - 1e-12,
    );
    return sorted[enough];
  },

  // The same of recorded searches, by their scores after so many trials.
  quantile(scores, share) {
    const sorted = [...scores].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  },

  // The share of random searches that `score` beats after `drawn` trials; equal ones count half.
  beatsRandom(scores, drawn, score) {
    const below = scores.filter((one) => one < score).length;
    const notAbove = scores.filter((one) => one <= score).length;
    const chance = (m) => rules.allAmong(m, scores.length, drawn);
    return (chance(below) + chance(notAbove)) / 2;
  },

  // The same for recorded searches.
  beats(scores, score) {
    const points = scores.map((one) => (one < score ? 1 : one === score ? 0.5 : 0));
    return points.reduce((sum, one) => sum + one, 0) / scores.length;
  },

  // Different configurations, as random search draws them.
  draw(count, from, random = Math.random) {
    const left = Array.from({ length: from }, (_, i) => i);
    return Array.from({ length: count }, () =>
      left.splice(Math.floor(random() * left.length), 1)[0],
    );
  },

  // The spread of each strategy after 1, 2, ... trials: { name: { low, median, high } }.
  spreads(scores, races) {
    const trials = Array.from({ length: rules.TRIALS }, (_, i) => i + 1);
    const spread = (at) =>
      Object.fromEntries(
        Object.entries(rules.SHARES).map(([name, share]) => [
          name,
          trials.map((trial) => at(trial, share)),
        ]),
      );
    const found = { random: spread((trial, share) => rules.randomQuantile(scores, trial, share)) };
    for (const [name, runs] of Object.entries(races)) {
      found[name] = spread((trial, share) =>
        rules.quantile(
          runs.map((run) => run[trial - 1]),
          share,
        ),
      );
    }
    return found;
  },

  // A whole percentage that never claims all or none.
  percent(share) {
    if (share > 0.99) return "over 99%";
    if (share < 0.01) return "under 1%";
    return `${Math.round(100 * share)}%`;
  },

  show(score) {
    return (score / 10000).toFixed(4);
  },

  // One bar a trial, for a text that one shares.
  bars(scores) {
    const steps = "▁▂▃▄▅▆▇█";
    const [low, high] = [4000, 5200]; // between them lie most scores that are worth a look
    return scores
      .map((one) => Math.floor((8 * (one - low)) / (high - low)))
      .map((step) => steps[Math.max(0, Math.min(7, step))])
      .join("");
  },
};
