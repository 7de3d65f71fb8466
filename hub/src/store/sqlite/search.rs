//! From what somebody types to a query of SQLite's full-text search.
//!
//! Every word must occur, at least as the beginning of one; words in double quotes must follow one another just so. Nothing else
//! has a meaning, so nothing that is typed can be a mistake.

/// The query; `None` where there is no word to look for, but only signs.
pub(super) fn query(text: &str) -> Option<String> {
    let terms: Vec<String> = text
        .split('"')
        .enumerate()
        .flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().map(|word| (word, " *")).collect(),
            _ => vec![(part, "")],
        })
        // A text in quotes is split into words as the messages were; without a letter or digit, none would be left.
        .filter(|(term, _)| term.chars().any(char::is_alphanumeric))
        .map(|(term, star)| format!("\"{}\"{star}", term.replace(char::is_control, " ")))
        .collect();
    if terms.is_empty() { None } else { Some(terms.join(" AND ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_nothing_else() {
        for (text, expected) in [
            ("paint", Some(r#""paint" *"#)),
            ("  the  Paint ", Some(r#""the" * AND "Paint" *"#)),
            (r#""green paint" shed"#, Some(r#""green paint" AND "shed" *"#)),
            (r#"an "unfinished phrase"#, Some(r#""an" * AND "unfinished phrase""#)),
            ("src/auth.py", Some(r#""src/auth.py" *"#)),
            (
                "a OR b NOT* (c) words:d ^e",
                Some(r#""a" * AND "OR" * AND "b" * AND "NOT*" * AND "(c)" * AND "words:d" * AND "^e" *"#),
            ),
            ("nul\0l", Some("\"nul l\" *")),
            ("", None),
            (" ! \"?\" * ", None),
        ] {
            assert_eq!(query(text).as_deref(), expected, "{text}");
        }
    }
}
