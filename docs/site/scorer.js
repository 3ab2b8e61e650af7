// How the site's search orders what it finds: pages before names of the source that contain the word.
var Scorer = {
  score: ([, , , , score, , kind]) => (kind === "object" || kind === "index" ? score - 100 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
