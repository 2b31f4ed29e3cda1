// The two charts of "Beat the tuner", drawn by uPlot in the colours of the page.
"use strict";

globalThis.charts = {
  // How the line of each strategy is dashed, so that colours are not all that tells them apart.
  DASHES: { random: [7, 4], Bayesian: [2, 3], Hyperband: [10, 3, 2, 3] },

  colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  },

  strategyColour(name) {
    return charts.colour(`--game-${name.toLowerCase()}`);
  },

  // Charts are pictures: they are drawn anew in another width, and in other colours.
  redraw(element, { resized, recoloured = resized }) {
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (element.clientWidth !== width) {
        width = element.clientWidth;
        resized();
      }
    }).observe(element);
    const theme = { attributeFilter: ["data-theme"] };
    new MutationObserver(recoloured).observe(document.documentElement, theme);
  },

  // Draws a chart into `element`, in place of what is there.
  draw(element, data, { series, bands = [], label, from, to, top }) {
    const text = charts.colour("--pst-color-text-base");
    const axis = {
      stroke: text,
      grid: { stroke: charts.colour("--game-grid"), width: 1 },
      ticks: { show: false },
      font: "13px sans-serif",
      labelFont: "13px sans-serif",
      labelSize: 22,
    };
    const whole = (_, splits) => splits.map((value) => (Number.isInteger(value) ? value : ""));
    element.replaceChildren();
    return new uPlot(
      {
        width: element.clientWidth,
        height: 240,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [0.7, data[0].length + 0.3] }, y: { range: [from, to] } },
        axes: [
          { ...axis, label, size: 32, values: whole, incrs: [1, 2, 3, 5] },
          { ...axis, label: top, size: 44, incrs: [0.02, 0.05, 0.1, 0.2], values: (_, splits) => splits.map((v) => v.toFixed(2)) },
        ],
        series: [{}, ...series],
        bands,
      },
      data,
      element,
    );
  },

  // The race: your best so far, that of the random search you play against, and the spreads.
  race(element, { mine, rival, spreads, shown }) {
    const text = charts.colour("--pst-color-text-base");
    const trials = Array.from({ length: rules.TRIALS }, (_, i) => i + 1);
    const share = (scores) => trials.map((_, i) => (i < scores.length ? scores[i] / 10000 : null));
    const data = [trials];
    const series = [];
    const bands = [];
    for (const name of shown) {
      const { low, median, high } = spreads[name];
      const stroke = charts.strategyColour(name);
      data.push(share(high), share(low), share(median));
      bands.push({ series: [data.length - 3, data.length - 2], fill: `${stroke}2e` });
      const edge = { stroke: "transparent", points: { show: false } };
      const line = { stroke, width: 2, dash: charts.DASHES[name], points: { show: false } };
      series.push(edge, edge, line);
    }
    const against = charts.strategyColour("random");
    data.push(share(rival), share(mine));
    series.push(
      { stroke: against, width: 2, points: { show: true, size: 7, fill: against } },
      { stroke: text, width: 3, points: { show: true, size: 9, fill: text } },
    );
    const lowest = Math.min(4000, ...mine, ...rival) / 10000;
    return charts.draw(element, data, {
      series,
      bands,
      label: "trials",
      top: "best accuracy so far",
      from: lowest - 0.02,
      to: 0.54,
    });
  },

  // The learning curves of what was played, with the training that is `chosen` in front.
  curves(element, { played, chosen, recorded }) {
    const text = charts.colour("--pst-color-text-base");
    const share = (scores) => scores.map((score) => score / 10000);
    const none = { show: false };
    const data = [Array.from({ length: recorded.epochs }, (_, i) => i + 1)];
    const series = [];
    for (const place of played.filter((one) => one !== chosen)) {
      data.push(share(recorded.val_acc[place]));
      series.push({ stroke: charts.colour("--game-earlier"), width: 1, points: none });
    }
    if (chosen !== undefined) {
      data.push(share(recorded.acc[chosen]), share(recorded.val_acc[chosen]));
      series.push(
        { stroke: charts.colour("--game-training"), width: 2, dash: [5, 4], points: none },
        { stroke: text, width: 3, points: none },
      );
    }
    const all = data.slice(1).flat();
    return charts.draw(element, data, {
      series,
      label: "epoch",
      top: "accuracy",
      from: Math.min(0.28, ...all) - 0.02,
      to: Math.max(0.54, ...all) + 0.02,
    });
  },
};
