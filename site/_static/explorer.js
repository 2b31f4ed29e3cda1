// The explorer of the bank: one filter, which check boxes and brushes on the axes set alike.
"use strict";

(() => {
  const NAMES = {
    num_hidden: "units",
    num_layers: "layers",
    dropout: "dropout",
    learning_rate: "learning rate",
    batch_size: "batch size",
  };
  const [HEIGHT, TOP, BOTTOM, SIDE] = [300, 34, 14, 40];
  const find = (id) => document.getElementById(`explorer-${id}`);
  const { space } = recorded;
  const scores = recorded.val_acc.map((curve) => Math.max(...curve));
  const [LOWEST, HIGHEST] = [Math.min(...scores), Math.max(...scores)];
  const axes = [...Object.keys(space), "score"];
  let low = LOWEST;
  let high = HIGHEST;
  let matching, chosen, across, lines, brush;

  const boxes = Object.entries(space).flatMap(([name, values]) => {
    const group = document.createElement("fieldset");
    group.className = "key";
    group.append(Object.assign(document.createElement("legend"), { textContent: NAMES[name] }));
    find("filters").append(group);
    return values.map((value) => {
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name });
      Object.assign(box, { value, checked: true });
      const label = document.createElement("label");
      label.append(box, value);
      group.append(label);
      box.addEventListener("change", filter);
      return box;
    });
  });
  // The axis of the scores can be brushed by the keyboard, too.
  const least = Object.assign(document.createElement("input"), {
    type: "range",
    min: LOWEST,
    max: HIGHEST,
    value: LOWEST,
  });
  const most = document.createElement("label");
  most.className = "key";
  most.append("score at least", least);
  find("filters").append(most);
  least.addEventListener("input", () => {
    [low, high] = [Number(least.value), HIGHEST];
    filter();
  });

  const describe = (place) =>
    Object.entries(rules.values(space, place))
      .map(([name, value]) => `${NAMES[name]} ${value}`)
      .join(", ");

  // From 0 at the bottom of an axis to 1 at its top.
  const up = (axis, value) =>
    axis === "score"
      ? (value - LOWEST) / (HIGHEST - LOWEST)
      : (space[axis].indexOf(value) + 0.5) / space[axis].length;
  const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);

  // The heights of a line on the axes; it is moved a little, so that lines don't hide one another.
  function heights(place) {
    const values = { ...rules.values(space, place), score: scores[place] };
    const moved = (i) => (((place * (7 + 2 * i)) % 21) / 20 - 0.5) * 0.5;
    return axes.map((axis, i) =>
      y(up(axis, values[axis]) + (axis === "score" ? 0 : moved(i) / space[axis].length)),
    );
  }
  const all = scores.map((_, place) => heights(place));

  function svg(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function lay() {
    const width = find("lines").clientWidth;
    across = axes.map((_, i) => SIDE + (i * (width - 2 * SIDE)) / (axes.length - 1));
    const picture = svg("svg", { width, height: HEIGHT });
    lines = all.map((_, place) => svg("polyline", { points: points(place) }));
    picture.append(...lines, svg("polyline", { class: "front" }));
    axes.forEach((axis, i) => {
      const x = across[i];
      const title = (NAMES[axis] ?? axis).split(" ");
      title.forEach((word, row) => {
        const at = 12 + 13 * (row + 2 - title.length);
        picture.append(svg("text", { x, y: at - 2, "text-anchor": "middle" }, word));
      });
      picture.append(svg("line", { x1: x, x2: x, y1: y(1), y2: y(0), class: "axis" }));
      const ticks = axis === "score" ? [2000, 3000, 4000, 5000] : space[axis];
      for (const tick of ticks) {
        const text = axis === "score" ? (tick / 10000).toFixed(1) : tick;
        picture.append(svg("text", { x: x + 5, y: y(up(axis, tick)) + 4, class: "tick" }, text));
      }
      const strip = { x: x - 16, y: TOP, width: 32, height: HEIGHT - TOP - BOTTOM };
      picture.append(svg("rect", { ...strip, class: "strip", "data-axis": axis }));
    });
    picture.append(svg("rect", { class: "brush", width: 0, height: 0 }));
    find("lines").replaceChildren(picture);
    filter();
  }

  const points = (place) => all[place].map((height, i) => `${across[i]},${height}`).join(" ");

  function filter() {
    const allowed = Object.fromEntries(Object.keys(space).map((name) => [name, []]));
    for (const box of boxes) if (box.checked) allowed[box.name].push(Number(box.value));
    matching = rules.matching(space, scores, { allowed, low, high });
    matching.sort((a, b) => scores[b] - scores[a]);
    const kept = new Set(matching);
    lines.forEach((line, place) => line.setAttribute("class", kept.has(place) ? "kept" : "out"));
    const middle = matching.map((place) => scores[place]);
    const found = matching.length
      ? `Best score ${rules.show(middle[0])}, median ${rules.show(rules.quantile(middle, 0.5))}.`
      : "Put a value back.";
    find("status").textContent = `${matching.length} of ${scores.length} configurations. ${found}`;
    find("lines").setAttribute(
      "aria-label",
      `Parallel coordinates: ${matching.length} configurations, each a line from axis to axis. ${found}`,
    );
    find("best").replaceChildren(...matching.slice(0, 6).map(entry));
    choose(kept.has(chosen) ? chosen : matching[0]);
  }

  function entry(place) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.textContent = rules.show(scores[place]);
    button.addEventListener("click", () => choose(place));
    item.append(button, ` ${describe(place)}`);
    return item;
  }

  function choose(place) {
    chosen = place;
    const none = place === undefined;
    find("lines").querySelector(".front").setAttribute("points", none ? "" : points(place));
    charts.curves(find("curves"), { played: [], chosen: place, recorded });
    const said = none ? "" : `${rules.show(scores[place])}: ${describe(place)}.`;
    find("shown").textContent = said;
    const epochs = none ? "none" : recorded.val_acc[place].map(rules.show).join(", ");
    find("curves").setAttribute("aria-label", `Learning curve. ${said} By epoch: ${epochs}`);
  }

  function at(event) {
    const box = find("lines").getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  // The shown line that is nearest to a place between two axes.
  function nearest(point) {
    const right = Math.max(1, Math.min(axes.length - 1, across.findIndex((x) => x > point.x)));
    const share = (point.x - across[right - 1]) / (across[right] - across[right - 1]);
    const away = (place) =>
      Math.abs(all[place][right - 1] * (1 - share) + all[place][right] * share - point.y);
    return matching.reduce((a, b) => (away(b) < away(a) ? b : a), matching[0]);
  }

  // Keeps what is between two heights of an axis. Where nothing is, as after a mere tap, all of it
  // is put back.
  function keep(axis, from, to) {
    const [bottom, top] = [Math.max(from, to), Math.min(from, to)];
    const between = (value) => y(up(axis, value)) >= top && y(up(axis, value)) <= bottom;
    const known = axis === "score" ? scores : space[axis];
    const inside = bottom - top < 5 ? [] : known.filter(between);
    const kept = inside.length ? inside : known;
    if (axis === "score") {
      [low, high] = [Math.min(...kept), Math.max(...kept)];
      least.value = low;
    }
    for (const box of boxes) if (box.name === axis) box.checked = kept.includes(Number(box.value));
    filter();
  }

  find("lines").addEventListener("pointerdown", (event) => {
    const { axis } = event.target.dataset;
    const point = at(event);
    if (axis) {
      brush = { axis, from: point.y };
      find("lines").setPointerCapture(event.pointerId);
    } else if (matching.length) choose(nearest(point));
  });
  find("lines").addEventListener("pointermove", (event) => {
    const point = at(event);
    if (brush) {
      const x = across[axes.indexOf(brush.axis)] - 10;
      const [top, height] = [Math.min(brush.from, point.y), Math.abs(brush.from - point.y)];
      const drawn = find("lines").querySelector(".brush");
      for (const [key, value] of Object.entries({ x, y: top, width: 20, height })) {
        drawn.setAttribute(key, value);
      }
    } else if (event.pointerType === "mouse" && matching.length) {
      const place = nearest(point);
      if (place !== chosen) choose(place);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    find("lines").addEventListener(end, (event) => {
      if (!brush) return;
      const { axis, from } = brush;
      brush = undefined;
      find("lines").querySelector(".brush").setAttribute("height", 0);
      if (end === "pointerup") keep(axis, from, at(event).y);
    });
  }
  find("reset").addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    [low, high] = [LOWEST, HIGHEST];
    least.value = LOWEST;
    filter();
  });
  find("filters").addEventListener("submit", (event) => event.preventDefault());

  find("app").hidden = false;
  lay();
  charts.redraw(find("lines"), { resized: lay, recoloured: () => choose(chosen) });
})();
