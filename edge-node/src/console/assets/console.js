// Everything works without this; it saves a clerk some looking.
"use strict";
for (const choice of document.querySelectorAll("[data-choice]")) {
  const parts = choice.parentElement.querySelectorAll("[data-for]");
  const show = () => parts.forEach((part) => { part.hidden = part.dataset.for !== choice.value; });
  choice.addEventListener("change", show);
  show();
}
const first = document.querySelector(".faulty input, .faulty select");
if (first) first.focus();
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => window.close());
