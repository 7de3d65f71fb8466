//! The server's sentences, in the words of the door at which they are heard.

/// A sentence in which these names of calls and arguments stand as the others are called here. Whole words only: a file may be called
/// start_task.rs.
pub fn renamed<'a>(sentence: &str, here: impl Fn(&str) -> Option<&'a str>) -> String {
    let word = |word: &str| {
        let core = word.trim_end_matches([' ', ',', ';', ':', '.', ')']);
        here(core).map_or_else(|| word.to_owned(), |name| word.replacen(core, name, 1))
    };
    sentence.split_inclusive(' ').map(word).collect()
}
