// The reader's language: that of the last page that exists in both, otherwise the browser's.
const root = document.documentElement;
root.dataset.reader = sessionStorage.getItem("language") || navigator.language.slice(0, 2);

// On the index page, the section of the reader's language comes first.
const russianPages = document.getElementById("по-русски")?.parentElement;
if (root.dataset.reader === "ru")
  russianPages?.parentElement.querySelector("section").before(russianPages);

/** Return a pattern of whole words that begin with one of `words`; short ones are exact. */
function wordPattern(words) {
  const parts = words.map((word) => word.length > 2 ? `${word}\\p{L}*` : word);
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${parts.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
}

/** Mark the words that `pattern` finds in an element. */
function markWords(element, pattern) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    for (const found of [...text.data.matchAll(pattern)].reverse()) {
      const word = text.splitText(found.index), mark = document.createElement("span");
      word.splitText(found[0].length);
      mark.className = "highlighted";
      word.replaceWith(mark);
      mark.append(word);
    }
  }
}

// Sphinx would mark parts of words, too. The search page has stored the words.
SphinxHighlight.highlightSearchWords = () => {
  const words = localStorage.getItem("sphinx_highlight_terms")?.split(" ").filter(Boolean);
  localStorage.removeItem("sphinx_highlight_terms");
  if (words?.length) markWords(document.querySelector("article"), wordPattern(words));
};
