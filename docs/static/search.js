// Readers of Russian pages, and of Cyrillic letters, find Russian pages first; all find sections.
const isRussian = /[а-яё]/i.test(new URLSearchParams(location.search).get("q"))
  || sessionStorage.getItem("language") === "ru";

var Scorer = {
  score: ([page, , , , score]) => score + (isRussian && page.endsWith(".ru") ? 1000 : 0),
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

document.addEventListener("DOMContentLoaded", () => {
  const findPages = Search.performTermsSearch;
  Search.performTermsSearch = (words, excluded) =>
    [...findPages(words, excluded), ...findSections(words)];
});
