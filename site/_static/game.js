// "Beat the tuner" in the page: what is chosen, trained, shown, and shared.
"use strict";

(() => {
  const LABELS = {
    num_hidden: "Units a layer",
    num_layers: "Hidden layers",
    dropout: "Dropout",
    learning_rate: "Learning rate",
    batch_size: "Batch size",
  };
  const find = (id) => document.getElementById(`game-${id}`);
  const scores = recorded.val_acc.map((curve) => Math.max(...curve));
  const spreads = rules.spreads(scores, recorded.races);
  let played, rival, chosen;

  const selects = Object.entries(recorded.space).map(([name, values]) => {
    const label = document.createElement("label");
    const select = document.createElement("select");
    select.name = name;
    for (const value of values) select.add(new Option(value, value));
    label.append(LABELS[name], select);
    find("menus").append(label);
    return select;
  });

  const boxes = Object.keys(spreads).map((name) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", value: name, checked: true });
    box.addEventListener("change", draw);
    label.append(box, swatch(charts.DASHES[name], `var(--game-${name.toLowerCase()})`), name);
    find("spreads").append(label);
    return box;
  });

  function swatch(dash, colour) {
    const holder = document.createElement("span");
    holder.setAttribute("aria-hidden", "true");
    holder.innerHTML =
      `<svg width="28" height="10"><line x1="0" y1="5" x2="28" y2="5" stroke-width="3" ` +
      `style="stroke: ${colour}" stroke-dasharray="${dash.join(" ")}"/></svg>`;
    return holder;
  }

  const describe = (place) =>
    Object.entries(rules.values(recorded.space, place))
      .map(([name, value]) => `${LABELS[name].toLowerCase()} ${value}`)
      .join(", ");
  const mine = () => played.map((place) => scores[place]);
  const against = () => rival.slice(0, played.length).map((place) => scores[place]);
  const best = () => Math.max(...mine());

  function begin() {
    played = [];
    rival = rules.draw(rules.TRIALS, scores.length);
    chosen = undefined;
    find("train").disabled = false;
    find("end").hidden = true;
    find("played").replaceChildren();
    find("table").hidden = true;
    say(`You have ${rules.TRIALS} trials. Choose a configuration, and train it.`);
    draw();
  }

  function say(sentence) {
    find("status").textContent = sentence;
  }

  function train() {
    const values = Object.fromEntries(selects.map((select) => [select.name, +select.value]));
    const place = rules.place(recorded.space, values);
    const before = played.indexOf(place);
    chosen = place;
    if (before >= 0) {
      say(
        `You trained this one in trial ${before + 1}: ${rules.show(scores[place])}. ` +
          "That uses up no trial.",
      );
      return draw();
    }
    const record = !played.length || scores[place] > best();
    played.push(place);
    addRow(place);
    const left = rules.TRIALS - played.length;
    const [own, other] = [best(), Math.max(...against())];
    const lead =
      own > other ? "you are ahead" : own < other ? "random search is ahead" : "you are level";
    say(
      `Trial ${played.length}: ${rules.show(scores[place])}${record ? ", your best so far" : ""}. ` +
        `After as many trials, ${lead}: ${rules.show(own)} against ${rules.show(other)}. ` +
        (left ? `${left} to play.` : "The game is over."),
    );
    draw();
    if (!left) end();
  }

  function addRow(place) {
    const row = find("played").insertRow();
    const values = Object.values(rules.values(recorded.space, place));
    row.insertCell().textContent = played.length;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = rules.show(scores[place]);
    button.setAttribute("aria-label", `${button.textContent}: show the curve of trial ${played.length}`);
    button.addEventListener("click", () => {
      chosen = place;
      draw();
    });
    row.insertCell().append(button);
    for (const value of values) row.insertCell().textContent = value;
    find("table").hidden = false;
  }

  function draw() {
    const shown = boxes.filter((box) => box.checked).map((box) => box.value);
    const lines = { mine: rules.bestSoFar(mine()), rival: rules.bestSoFar(against()) };
    charts.race(find("race"), { ...lines, spreads, shown });
    charts.curves(find("curves"), { played, chosen, recorded });
    for (const row of find("played").rows) {
      row.classList.toggle("chosen", played[row.rowIndex - 1] === chosen);
    }
    const after = Math.max(1, played.length) - 1;
    const medians = shown.map((name) => `${name} ${rules.show(spreads[name].median[after])}`);
    const ours = played.length
      ? `your best is ${rules.show(best())}, that of your opponent ${rules.show(Math.max(...against()))}`
      : "nothing is played yet";
    find("race").setAttribute(
      "aria-label",
      `Best validation accuracy so far, by the number of trials. After ${after + 1}: ${ours}. ` +
        (shown.length ? `Medians: ${medians.join(", ")}.` : ""),
    );
    const none = chosen === undefined;
    find("curves").setAttribute(
      "aria-label",
      none
        ? "Learning curves: none yet."
        : `Learning curve of ${describe(chosen)}. Validation accuracy by epoch: ` +
            recorded.val_acc[chosen].map(rules.show).join(", "),
    );
    find("shown").textContent = none ? "" : `In front: ${describe(chosen)}.`;
  }

  function end() {
    const score = best();
    const winner = played[mine().indexOf(score)];
    const shares = Object.entries(recorded.races).map(([name, runs]) => [
      name,
      rules.beats(
        runs.map((run) => run.at(-1)),
        score,
      ),
    ]);
    shares.unshift(["random", rules.beatsRandom(scores, rules.TRIALS, score)]);
    const beaten = new Intl.ListFormat("en-GB").format(
      shares.map(([name, share]) => `${rules.percent(share)} of ${name} searches`),
    );
    const better = scores.filter((one) => one > score).length;
    const rank =
      better > 1
        ? `Of all ${scores.length} configurations, ${better} do better`
        : better
          ? `Of all ${scores.length} configurations, only one does better`
          : "No configuration does better";
    find("verdict").textContent =
      `Your best is ${rules.show(score)}, with ${describe(winner)}. ${rank}. It beats ` +
      `${beaten}.`;
    find("again").textContent =
      `Trained again with another seed, your winner reaches ${rules.show(recorded.again[winner])}. ` +
      (recorded.again[winner] < score
        ? "That is less: the best of twelve scores owes something to luck."
        : "This time that is no less. The best of several scores is usually the luckier one.");
    const where = location.protocol.startsWith("http") ? `\n${location.href.split("#")[0]}` : "";
    find("text").value =
      `Beat the tuner: ${rules.show(score)} in ${rules.TRIALS} trials\n${rules.bars(mine())}\n` +
      `Better than ${beaten}${where}`;
    find("copied").textContent = "";
    find("train").disabled = true;
    find("end").hidden = false;
    find("over").focus();
  }

  async function share() {
    const text = find("text");
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ text: text.value });
        return;
      }
      // A browser that asks first may wait for ever.
      const late = new Promise((_, refuse) => setTimeout(refuse, 1500));
      await Promise.race([navigator.clipboard.writeText(text.value), late]);
      find("copied").textContent = "Copied.";
    } catch {
      text.focus();
      text.select(); // a page may not write to the clipboard everywhere
      find("copied").textContent = "The text is selected: copy it.";
    }
  }

  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (played.length < rules.TRIALS) train();
  });
  find("share").addEventListener("click", share);
  find("restart").addEventListener("click", () => {
    begin();
    selects[0].focus();
  });
  find("app").hidden = false;
  begin();
  charts.redraw(find("race"), { resized: draw });
})();
