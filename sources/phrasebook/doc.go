// Package phrasebook holds ferry's built-in sample corpora: sentences in English, German, Spanish, Swahili, Hindi and
// Thai, written for ferry, from which Write makes the files of the published data sets in their own layouts. So the
// first run needs no download, and the ordinary sources read it.
//
// Vocabulary:
//   - section: a headed part of a data file; its rows say the same in all six languages
//   - lexicon: the fillers of one slot
//   - template: one sentence with slots, in six languages; parts of it may be left out (a variant)
//   - combination: a variant with its fillers chosen; it becomes one utterance a language, under one id
//   - thing: what an encyclopedia page is about; its facts become passages and questions
//
// Everything is a function of the data files: the same bytes each time and everywhere. Start at Write.
package phrasebook
