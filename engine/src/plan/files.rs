//! Exclusive files as machines: which tasks can never run at the same time because of the files they name.

use std::collections::BTreeMap;

use crate::pattern::{FilePattern, Kind};

/// Machines such that two tasks share one exactly when a file of the one collides with a file of the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machines {
    /// Per task, in the order given: the numbers of its machines, ascending.
    pub of_task: Vec<Vec<u32>>,
    /// Per machine: the patterns that it stands for. One, or two that can match the same path.
    pub patterns: Vec<Vec<FilePattern>>,
}

/// A machine for each distinct pattern, and one for each two patterns that can match the same path.
///
/// Costs a comparison for each folder or glob with each pattern; plain files are only looked up.
pub fn machines<'a>(files_of_tasks: impl Iterator<Item = &'a [FilePattern]> + Clone) -> Machines {
    let mut number: BTreeMap<&FilePattern, Vec<u32>> = BTreeMap::new();
    for pattern in files_of_tasks.clone().flatten() {
        number.entry(pattern).or_default();
    }
    let mut patterns = Vec::new();
    for (pattern, machines) in &mut number {
        machines.push(patterns.len() as u32);
        patterns.push(vec![(*pattern).clone()]);
    }
    let count = patterns.len();
    let wide: Vec<usize> = (0..count).filter(|&index| patterns[index][0].kind() != Kind::File).collect();
    for &index in &wide {
        for other in 0..count {
            // Each pair of two wide patterns once.
            let seen = wide.binary_search(&other).is_ok() && other <= index;
            if !seen && patterns[index][0].meets(&patterns[other][0]) {
                patterns.push(vec![patterns[index][0].clone(), patterns[other][0].clone()]);
            }
        }
    }
    for (machine, pair) in patterns.iter().enumerate().skip(count) {
        for pattern in pair {
            if let Some(machines) = number.get_mut(pattern) {
                machines.push(machine as u32);
            }
        }
    }
    let of_task = files_of_tasks.map(|files| {
        let mut all: Vec<u32> = files.iter().filter_map(|file| number.get(file)).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    });
    Machines { of_task: of_task.collect(), patterns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_share_a_machine_exactly_when_their_files_collide() {
        let texts: [&[&str]; 7] = [
            &["src/a.rs", "src/b.rs"],
            &["src/"],
            &["src/*.rs"],
            &["**/*.sql"],
            &["db/a.sql"],
            &[],
            &["src/deep/c.rs", "src/a.rs"],
        ];
        let pattern = |text: &&str| FilePattern::new(text).unwrap();
        let files: Vec<Vec<FilePattern>> =
            texts.iter().map(|texts| texts.iter().map(pattern).collect()).collect();
        let found = machines(files.iter().map(Vec::as_slice));
        for (i, one) in files.iter().enumerate() {
            for (j, other) in files.iter().enumerate().skip(i + 1) {
                let collide = one.iter().any(|a| other.iter().any(|b| a.meets(b)));
                let share = found.of_task[i].iter().any(|machine| found.of_task[j].contains(machine));
                assert_eq!(collide, share, "{one:?} and {other:?}");
            }
        }
    }
}
