// A further slide of a section shows the section's name, unless it has a heading of its own.
for (const section of document.querySelectorAll(".slides > section")) {
  const [first, ...others] = section.querySelectorAll("section");
  const heading = first.querySelector("h1, h2, h3");
  for (const slide of others) {
    if (heading && !slide.querySelector("h1, h2, h3")) {
      const name = document.createElement("p");
      name.className = "section";
      name.textContent = heading.textContent;
      slide.prepend(name);
    }
  }
}

// At the size of an ordinary projector, a slide is shown as it is; elsewhere it is scaled.
Reveal.initialize({
  width: 1366,
  height: 768,
  margin: 0,
  center: false,
  hash: true,
  slideNumber: "c/t",
  transition: "none",
  scrollActivationWidth: null, // the same slides on a phone, in landscape
});
