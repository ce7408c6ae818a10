// Readers of Russian pages, and of Cyrillic letters, find Russian pages first; all find sections.
const isRussian = root.dataset.reader === "ru";
if (isRussian) root.lang = "ru";
const SHOWN = 100;  // results

/** Return the results for the query, the best one first. */
function find() {
  const words = splitQuery(query.toLowerCase()).filter((word) => !stopwords.has(word));
  const stemmer = new Stemmer(), forms = words.map((word) => [word, stemmer.stemWord(word)]);
  const patterns = forms.map(wordPattern), any = wordPattern(forms.flat());
  const exact = wholeWords(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const has = (text, pattern) => text.search(pattern) >= 0;
  const hasAll = (text) => words.length && patterns.every((pattern) => has(text, pattern));
  const score = ({page, title, text}) => (isRussian && page.endsWith(".ru") ? 1000 : 0)
    + (has(title, exact) ? 8 : 0) + (hasAll(title) ? 4 : 0) + (has(text, exact) ? 2 : 0)
    // Among equals, the pages for students come first, and sections that say it often.
    + (/^docs\/(lab|checking|client|chat|show)(\.ru)?$/.test(page) ? 1 : 0)
    + (words.length ? Math.min([...text.matchAll(any)].length, 9) / 10 : 0);
  const result = (section) => ({
    link: `${section.page}.html#${section.anchor}`,
    title: section.title === section.pageTitle ? section.title
      : `${section.pageTitle} > ${section.title}`,
    summary: excerpt(section.text, has(section.text, exact) ? exact : any),
    pattern: words.length ? any : exact,
    score: score(section),
  });
  let found = sections.filter(({title, text}) => has(`${title} ${text}`, exact)
    || hasAll(`${title} ${text}`));
  if (!found.length) {  // no section has all words, but a page may
    const pages = [...new Set(sections.map(({page}) => page))];
    found = pages.map((page) => sections.filter((section) => section.page === page))
      .filter((all) => hasAll(all.map(({text}) => text).join(" "))).map(([first]) => first);
  }
  const names = words.flatMap((word) => Search.performObjectSearch(word, new Set(words)));
  localStorage.setItem("sphinx_highlight_terms", forms.flat().join(" "));
  return [
    ...found.map(result),
    ...names.map(([page, title, anchor, summary, points]) =>
      ({link: `${page}.html${anchor}`, title, summary, pattern: any, score: points / 2})),
  ].sort((one, other) => other.score - one.score);
}

/** Return the text around the first place that a pattern finds. */
function excerpt(text, pattern) {
  const start = Math.max(text.search(pattern) - 120, 0);
  return (start ? "…" : "") + text.slice(start, start + 240).trim() + "…";
}

/** Show a result. */
function show({link, title, summary, pattern}) {
  const item = document.createElement("li"), line = document.createElement("p");
  item.append(Object.assign(document.createElement("a"), {href: link, textContent: title}), line);
  Object.assign(line, {className: "context", textContent: summary});
  if (pattern) markWords(line, pattern);
  Search.output.append(item);
}

/** Translate what Sphinx and Furo have in English only. */
function translate() {
  translateFrame();
  Documentation.TRANSLATIONS["Search finished, found one page matching the search query."] =
    Array(4).fill("Найдено результатов: ${resultCount}");  // all plural forms
  Documentation.TRANSLATIONS[", in "] = ", в ";
  document.title = document.title.replace("Search", "Поиск");
  for (const input of document.querySelectorAll("input[name=q]")) input.placeholder = "Поиск";
}

document.addEventListener("DOMContentLoaded", () => {
  Search.query = () => {
    const id = query.toUpperCase(), text = requirements[isRussian ? "ru" : "en"][id];
    const results = find();
    if (text) results.unshift({
      link: `docs/checking${isRussian ? ".ru" : ""}.html`,
      title: `netlab check --explain ${id}`,
      summary: `${isRussian ? "Эта команда объясняет требование" : "This command explains"} ${id}: ${text}`,
    });
    results.slice(0, SHOWN).forEach(show);
    _finishSearch(results.length);
  };
  if (isRussian) translate();
});
