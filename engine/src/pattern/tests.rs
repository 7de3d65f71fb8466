use super::*;

fn spelling(text: &str) -> String {
    match FilePattern::new(text) {
        Ok(pattern) => pattern.to_string(),
        Err(refusal) => format!("! {refusal}"),
    }
}

#[test]
fn one_file_has_one_spelling() {
    for same in ["src/a.rs", "./src/a.rs", "src//a.rs", "src/x/../a.rs", r"src\a.rs", "x/../src/./a.rs"] {
        assert_eq!(spelling(same), "src/a.rs", "{same}");
    }
    for same in ["src/", "src/**", "./src//", "src/**/", "src/.", "src/x/..", "src/**/**"] {
        assert_eq!(spelling(same), "src/", "{same}");
    }
    for same in [".", "./", "**", "a/..", "**/**"] {
        assert_eq!(spelling(same), "**", "{same}");
    }
    assert_eq!(spelling("a/**/**/b"), "a/**/b");
    assert_eq!(spelling("*/**"), "*/");
    assert_eq!(spelling("app/[id]/page.tsx"), "app/[id]/page.tsx");
    assert_eq!(spelling("weird{name}.txt"), "weird{name}.txt");
}

#[test]
fn what_is_refused_says_why() {
    for (bad, hint) in [
        ("", "empty"),
        ("../a", "outside"),
        ("a/../../b", "outside"),
        ("/etc/passwd", "outside"),
        ("a/**/..", "outside"),
        ("a\nb", "control character"),
        ("*.{ts,tsx}", "entry of its own"),
        ("src/**.rs", "alone between slashes"),
        (&"x".repeat(PATH_MAX + 1), "longer than"),
    ] {
        let answer = spelling(bad);
        assert!(answer.starts_with('!') && answer.contains(hint), "{bad:?}: {answer}");
    }
}

#[test]
fn patterns_meet_when_one_path_fits_both() {
    for (left, right, meet) in [
        ("src/a.rs", "src/a.rs", true),
        ("src/a.rs", "src/b.rs", false),
        ("src/", "src/deep/a.rs", true),
        ("src/", "src", true),
        ("src/", "*", false),
        ("src/", "srcs/a.rs", false),
        ("src/", "src/deep/", true),
        ("**", "anything/at/all", true),
        ("src/*.rs", "src/a.rs", true),
        ("src/*.rs", "src/deep/a.rs", false),
        ("src/*.rs", "src/", true),
        ("src/*.rs", "*/a.*", true),
        ("src/*.rs", "src/*.py", false),
        ("**/*.sql", "migrations/0001.sql", true),
        ("**/*.sql", "a.sql", true),
        ("**/*.sql", "docs/", true),
        ("**/test_*.py", "api/**/*_auth.py", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("src/*/", "src/a.rs", false),
        ("src/*/", "src/deep/a.rs", true),
    ] {
        let (l, r) = (FilePattern::new(left).unwrap(), FilePattern::new(right).unwrap());
        assert_eq!(l.meets(&r), meet, "{left} and {right}");
        assert_eq!(r.meets(&l), meet, "{right} and {left}");
    }
}

/// Whether a path matches a list of segments, by plain recursion: the definition, to hold the algebra against.
fn matches(segments: &[&str], path: &[&str]) -> bool {
    match (segments.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), None) => matches(rest, path),
        (Some((&"**", rest)), Some((_, deeper))) => matches(rest, path) || matches(segments, deeper),
        (Some((segment, rest)), Some((name, deeper))) => {
            name_matches(segment.as_bytes(), name.as_bytes()) && matches(rest, deeper)
        }
        _ => false,
    }
}

fn name_matches(wild: &[u8], name: &[u8]) -> bool {
    match (wild.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => name_matches(rest, name),
        (Some((b'*', rest)), Some((_, shorter))) => name_matches(rest, name) || name_matches(wild, shorter),
        (Some((w, rest)), Some((n, shorter))) => (*w == b'?' || w == n) && name_matches(rest, shorter),
        _ => false,
    }
}

/// All sequences of 1 to `most` items.
fn sequences<T: Clone>(items: &[T], most: usize) -> Vec<Vec<T>> {
    let mut all: Vec<Vec<T>> = items.iter().map(|item| vec![item.clone()]).collect();
    let mut last = all.clone();
    for _ in 1..most {
        last = last
            .iter()
            .flat_map(|s| items.iter().map(|i| [s.as_slice(), std::slice::from_ref(i)].concat()))
            .collect();
        all.extend(last.clone());
    }
    all
}

#[test]
fn the_algebra_agrees_with_brute_force() {
    // Paths of up to seven of these names hold a witness for every pair of the patterns below.
    let paths = sequences(&["a", "b", "aa", "ba"], 7);
    let patterns: Vec<FilePattern> = sequences(&["**", "*", "a", "b*", "?a"], 3)
        .iter()
        .flat_map(|segments| [segments.join("/"), segments.join("/") + "/"])
        .map(|text| FilePattern::new(&text).unwrap())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let fitting: Vec<Vec<u64>> = patterns
        .iter()
        .map(|pattern| {
            let segments = pattern.segments();
            let bit = |path: &Vec<&str>| u64::from(matches(&segments, path));
            paths.chunks(64).map(|chunk| chunk.iter().fold(0, |bits, path| bits << 1 | bit(path))).collect()
        })
        .collect();
    for (i, left) in patterns.iter().enumerate() {
        for (j, right) in patterns.iter().enumerate() {
            let common = fitting[i].iter().zip(&fitting[j]).any(|(l, r)| l & r != 0);
            // A folder's own name is no path beneath it, but nothing else can be there.
            let named = |folder: &FilePattern, name: &FilePattern| {
                folder.kind() == Kind::Folder && folder.as_str() == format!("{name}/")
            };
            let expected = common || named(left, right) || named(right, left);
            assert_eq!(left.meets(right), expected, "{left} and {right}");
        }
    }
}
