// Readers of Russian pages, and of Cyrillic letters, find Russian pages first; all find sections.
const query = new URLSearchParams(location.search).get("q") || "";
const isRussian = /[а-яё]/i.test(query) || root.dataset.reader === "ru";
if (isRussian) root.lang = root.dataset.reader = "ru";

var Scorer = {
  // Among equals, the pages for students come first.
  score: ([page, , , , score]) => score + (isRussian && page.endsWith(".ru") ? 1000 : 0)
    + (/^docs\/(lab|checking|client|chat|show)(\.ru)?$/.test(page) ? 1 : 0),
  // The rest is as in Sphinx's searchtools.js.
  objNameMatch: 11, objPartialMatch: 6, objPrio: {0: 15, 1: 5, 2: -5}, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};

/** Return the sections whose titles have all words, as results. */
function findSections(words) {
  const {alltitles, titles, docnames, filenames} = Search._index, stemmer = new Stemmer();
  return Object.entries(alltitles).flatMap(([title, places]) => {
    const own = new Set(splitQuery(title.toLowerCase()).map((word) => stemmer.stemWord(word)));
    if (!words.size || [...words].some((word) => !own.has(word))) return [];
    return places.filter(([file, id]) => id !== null && titles[file] !== title).map(([file, id]) =>
      [docnames[file], `${titles[file]} > ${title}`, `#${id}`, null, Scorer.partialTitle,
        filenames[file], "title"]);
  });
}

/** Explain the result of a search for a requirement of the checker, such as ES-9. */
function explainRequirement() {
  const id = query.trim().toUpperCase(), line = document.createElement("p");
  if (!/^[A-Z]{2}-\d+$/.test(id)) return;
  line.append(isRussian ? "Требование объясняет команда " : "This command explains it: ");
  line.append(Object.assign(document.createElement("code"),
    {textContent: `netlab check --explain ${id}`}));
  document.getElementById("search-results").before(line);
}

/** Translate what Sphinx and Furo have in English only. */
function translate() {
  Documentation.TRANSLATIONS["Search finished, found one page matching the search query."] =
    Array(4).fill("Найдено результатов: ${resultCount}");  // all plural forms
  document.title = document.title.replace("Search", "Поиск");
  for (const input of document.querySelectorAll("input[name=q]")) input.placeholder = "Поиск";
}

document.addEventListener("DOMContentLoaded", () => {
  const {performTermsSearch, _parseQuery} = Search;
  let pattern;
  Search.performTermsSearch = (words, excluded) =>
    [...performTermsSearch(words, excluded), ...findSections(words)];
  Search._parseQuery = (text) => {
    const [typed, words, excluded, marked, objects] = _parseQuery(text);
    const all = [...words, ...marked];  // "repli", too, finds "reply"
    localStorage.setItem("sphinx_highlight_terms", all.join(" "));
    pattern = all.length ? wordPattern(all) : /(?!)/g;
    return [typed, words, excluded, new Set(), objects];  // Sphinx would mark parts of words
  };
  Search.makeSearchSummary = (html, _words, anchor) => {
    const text = Search.htmlToText(html, anchor), start = Math.max(text.search(pattern) - 120, 0);
    const summary = Object.assign(document.createElement("p"), {className: "context"});
    summary.textContent = (start ? "…" : "") + text.slice(start, start + 240).trim() + "…";
    markWords(summary, pattern);
    return summary;
  };
  if (isRussian) translate();
  explainRequirement();
});
