"use strict";
// Cards are built from text nodes alone, a few at a time: thousands of questions stay quick, and nothing that a
// repository or a model wrote is ever read as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const names = { base: "base", finetuned: "fine-tuned", retrieval: "base + retrieval" };
const changes = { gained: "gained", lost: "lost", right: "right before and after", wrong: "not right after either", ungraded: "not graded" };
const cards = document.getElementById("cards");
const more = document.getElementById("more");
const page = 30;
let chosen = [];
let shown = 0;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function set(parent, text, invented = []) {
  // Fenced blocks and backticks are set as code; an invented name is marked wherever it stands.
  for (const [index, piece] of text.split(/^```[^\n]*\n([\s\S]*?)(?:\n?```[^\S\n]*$\n?|$(?![\s\S]))/m).entries()) {
    if (index % 2) mark(parent.appendChild(make("pre")), piece, invented);
    else for (const [at, part] of piece.split(/`([^`\n]+)`/).entries()) mark(at % 2 ? parent.appendChild(make("code")) : parent, part, invented);
  }
}

function mark(holder, text, invented) {
  let rest = text;
  while (rest) {
    let at = rest.length, found = "";
    for (const name of invented) {
      const place = rest.indexOf(name);
      if (place >= 0 && (place < at || (place === at && name.length > found.length))) [at, found] = [place, name];
    }
    holder.append(rest.slice(0, at));
    if (!found) break;
    holder.appendChild(make("mark", "", found)).title = "does not exist in the repository";
    rest = rest.slice(at + found.length);
  }
}

function answerColumn(row, system) {
  const answer = row.answers[system];
  const column = make("div", "answer");
  const head = column.appendChild(make("h4"));
  head.append(make("i", "dot " + system), names[system]);
  if (answer.score !== null) head.append(make("span", "", Math.round(100 * answer.score) + " %"));
  const text = column.appendChild(make("div", answer.text ? "text" : "text empty"));
  set(text, answer.text || "(empty answer)", answer.invented);
  if (row.claims.length) {
    const list = column.appendChild(make("ul", "claims"));
    row.claims.forEach(([claim, required], index) => {
      const item = list.appendChild(make("li", (answer.made[index] ? "made" : "missed") + (required ? "" : " aside"), claim));
      if (!required) item.title = "by the way: not asked for, not counted";
    });
  }
  if (answer.invented.length) column.append(make("p", "note bad", "does not exist: " + answer.invented.join(", ")));
  const strays = answer.strays.filter((name) => !answer.invented.includes(name));
  if (strays.length) column.append(make("p", "note", "beside the point: " + strays.join(", ")));
  if (!answer.finished) column.append(make("p", "note", "cut off at the length limit"));
  if (answer.excerpts.length) column.append(make("p", "note", "given: " + answer.excerpts.join(", ")));
  return column;
}

function card(row) {
  const element = make("article", "card");
  const top = element.appendChild(make("div", "top"));
  const badges = top.appendChild(make("div", "badges"));
  badges.append(make("span", "badge " + row.change, changes[row.change]));
  for (const text of new Set([row.taskLabel, row.probeLabel, row.language])) if (text) badges.append(make("span", "badge", text));
  set(top.appendChild(make("div", "question")), row.question);
  if (row.reference !== null) {
    const reference = top.appendChild(make("div", "reference"));
    reference.append(make("b", "", "reference"));
    set(reference.appendChild(make("div", "text")), row.reference);
  }
  const answers = element.appendChild(make("div", "answers"));
  for (const system of data.systems) answers.append(answerColumn(row, system));
  return element;
}

function grow() {
  const stop = Math.min(shown + page, chosen.length);
  for (; shown < stop; shown++) cards.append(card(chosen[shown]));
  more.hidden = shown >= chosen.length;
}

function filter() {
  const value = (name) => document.getElementById("filter-" + name).value;
  const wanted = ["task", "probe", "language", "change"].map((name) => [name, value(name)]).filter((pair) => pair[1]);
  const text = value("text").trim().toLowerCase();
  chosen = data.rows.filter((row) => wanted.every(([name, like]) => row[name] === like) && (!text || row.haystack.includes(text)));
  cards.textContent = "";
  shown = 0;
  document.getElementById("count").textContent = chosen.length.toLocaleString("en") + " of " + data.rows.length.toLocaleString("en") + " questions";
  grow();
}

for (const row of data.rows) {
  const parts = [row.question, row.reference || "", ...Object.values(row.answers).map((answer) => answer.text)];
  row.haystack = parts.join("\n").toLowerCase();
}
for (const control of document.querySelectorAll(".filters select")) control.addEventListener("change", filter);
document.getElementById("filter-text").addEventListener("input", filter);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) grow(); }, { rootMargin: "800px" }).observe(more);
filter();
