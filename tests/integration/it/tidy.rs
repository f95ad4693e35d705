//! The repository's own rules, as tests: layers, lengths, names, twins of documents, people's data, words.
//!
//! Each says in its failure what to do. Rules that a compiler or clippy can check are not repeated here.

mod decisions;
mod documents;
mod error_codes;
mod glossary;
mod layering;
mod length;
mod names;
mod people;
mod signatures;
mod specification;
mod tree;
mod words;
