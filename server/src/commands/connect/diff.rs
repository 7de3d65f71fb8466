//! What a change does to a file, as a person reads it.

use std::fmt::Write as _;

/// How many lines around a change are shown.
const AROUND: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Line<'t> {
    Same(&'t str),
    Gone(&'t str),
    New(&'t str),
}

/// The lines that differ, with some of those around them. `None` stands for a file that is not there.
pub(super) fn diff(name: &str, before: Option<&str>, after: Option<&str>) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = match (before, after) {
        (None, _) => writeln!(out, "{name} (new)"),
        (_, None) => writeln!(out, "{name} (goes)"),
        _ => writeln!(out, "{name}"),
    };
    let lines = lines(before.unwrap_or_default(), after.unwrap_or_default());
    let changed: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Same(_)))
        .map(|(place, _)| place)
        .collect();
    let near = |place: usize| changed.iter().any(|changed| place.abs_diff(*changed) <= AROUND);
    let mut shown_last = true;
    for (place, line) in lines.iter().enumerate() {
        let shown = near(place);
        if shown {
            let _ = match line {
                Line::Same(text) => writeln!(out, "    {text}"),
                Line::Gone(text) => writeln!(out, "  - {text}"),
                Line::New(text) => writeln!(out, "  + {text}"),
            };
        } else if shown_last {
            out.push_str("    …\n");
        }
        shown_last = shown;
    }
    out
}

/// The longest common lines stay; what is between them is gone or new.
fn lines<'t>(before: &'t str, after: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[first..], &new[first..]);
    let last = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_mid, new_mid) = (&old_rest[..old_rest.len() - last], &new_rest[..new_rest.len() - last]);
    // How many lines can stay from here on.
    let mut stay = vec![vec![0_u32; new_mid.len() + 1]; old_mid.len() + 1];
    for (i, a) in old_mid.iter().enumerate().rev() {
        for (j, b) in new_mid.iter().enumerate().rev() {
            stay[i][j] = if a == b { stay[i + 1][j + 1] + 1 } else { stay[i + 1][j].max(stay[i][j + 1]) };
        }
    }
    let mut lines: Vec<Line> = old[..first].iter().copied().map(Line::Same).collect();
    let (mut i, mut j) = (0, 0);
    while i < old_mid.len() || j < new_mid.len() {
        if i < old_mid.len() && j < new_mid.len() && old_mid[i] == new_mid[j] {
            lines.push(Line::Same(old_mid[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new_mid.len() || (i < old_mid.len() && stay[i + 1][j] >= stay[i][j + 1]) {
            lines.push(Line::Gone(old_mid[i]));
            i += 1;
        } else {
            lines.push(Line::New(new_mid[j]));
            j += 1;
        }
    }
    lines.extend(old[old.len() - last..].iter().copied().map(Line::Same));
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_changes_and_what_is_around() {
        let before = "{\n  1\n  2\n  3\n  4\n  5\n  6\n  last\n}\n";
        let after = "{\n  1\n  2\n  3\n  4\n  5\n  6\n  last,\n  more\n}\n";
        expect![[r#"
            a.json
                …
                  4
                  5
                  6
              -   last
              +   last,
              +   more
                }
        "#]]
        .assert_eq(&diff("a.json", Some(before), Some(after)));
        assert_eq!(diff("b", None, Some("x\n")), "b (new)\n  + x\n");
        assert_eq!(diff("b", Some("x\n"), None), "b (goes)\n  - x\n");
    }
}
