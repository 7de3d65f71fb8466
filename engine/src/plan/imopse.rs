//! Projects of the public iMOPSE library, in its `.def` format.
//!
//! The format: a header of free text; then a table of resources (`ResourceID Salary Skills`) and one of tasks (`TaskID Duration
//! Skill Predecessor IDs`), each with a row a line, ended by a line of `=`. A skill is written `Q3: 2`, skill Q3 at level 2; who
//! has a level can do what asks for that level or a lower one. Source: Myszkowski, Skowroński, Olech, Oślizło: "Hybrid ant
//! colony optimization in solving multi-skill resource-constrained project scheduling problem", 2015.

use super::project::{ItemId, LEVEL_MAX, Project, ProjectAgent, ProjectTask};
use crate::capability::Capability;
use crate::values::Priority;

/// Why a text is not in the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BadDef {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

/// A skill and how well it is mastered or needed.
struct Skill {
    name: String,
    level: u32,
}

/// Which table a line belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Table {
    None,
    Resources,
    Tasks,
}

/// Reads a project. Ids stay the file's own numbers; an agent gets one capability for each level of each skill that it covers
/// (`Q3: 2` gives `Q3:2`, `Q3:1` and `Q3:0`), so that a task that asks for `Q3:1` finds it by name.
///
/// Fails, with the number of the line, on a row that does not fit its table, on a second row of one id, and where a table is
/// missing. Whether the project makes sense is for [`Project::problem`] to say.
pub fn read(name: &str, text: &str) -> Result<Project, BadDef> {
    let mut project = Project { name: name.to_owned(), ..Project::default() };
    let mut table = Table::None;
    let (mut resources_seen, mut tasks_seen) = (false, false);
    for (index, line) in text.lines().enumerate() {
        let fail = |problem| BadDef { line: index + 1, problem };
        let line = line.trim();
        if line.starts_with("ResourceID") {
            (table, resources_seen) = (Table::Resources, true);
        } else if line.starts_with("TaskID") {
            (table, tasks_seen) = (Table::Tasks, true);
        } else if line.starts_with("==") {
            table = Table::None;
        } else if !line.is_empty() {
            match table {
                Table::None => {}
                Table::Resources => add_agent(&mut project, line).map_err(fail)?,
                Table::Tasks => add_task(&mut project, line).map_err(fail)?,
            }
        }
    }
    let missing = |what| BadDef {
        line: text.lines().count(),
        problem: format!("the file ends without a table of {what}"),
    };
    if !resources_seen {
        return Err(missing("resources (a line that begins with ResourceID)"));
    }
    if !tasks_seen {
        return Err(missing("tasks (a line that begins with TaskID)"));
    }
    project.spell_out_levels();
    Ok(project)
}

/// `3   28.9   Q0: 1   Q1: 0`
fn add_agent(project: &mut Project, line: &str) -> Result<(), String> {
    let words = words(line);
    let [id, salary, skills @ ..] = words.as_slice() else {
        return Err("a resource needs an id, a salary and its skills".to_owned());
    };
    let id = ItemId::Number(number(id, "the resource's id")?);
    if salary.parse::<f64>().is_err() {
        return Err(format!("{salary:?} is not a salary"));
    }
    if project.agents.iter().any(|agent| agent.id == id) {
        return Err(format!("resource {id} is there twice"));
    }
    let mut capabilities = Vec::new();
    for text in skills {
        let skill = skill(text)?;
        capabilities.push(capability(&skill.name, skill.level)?);
    }
    project.agents.push(ProjectAgent { id, capabilities, max_parallel: 1 });
    Ok(())
}

/// `13   19   Q1: 0   3   7`
fn add_task(project: &mut Project, line: &str) -> Result<(), String> {
    let words = words(line);
    let [id, duration, rest @ ..] = words.as_slice() else {
        return Err("a task needs an id, a duration, a skill and the ids of its predecessors".to_owned());
    };
    let id = ItemId::Number(number(id, "the task's id")?);
    let estimated_duration = number(duration, "the duration")?;
    if project.tasks.iter().any(|task| task.id == id) {
        return Err(format!("task {id} is there twice"));
    }
    // The library has one skill a task; some of its relatives have several.
    let (skills, predecessors) = rest.split_at(rest.iter().take_while(|word| word.contains(':')).count());
    let mut required_capabilities = Vec::new();
    for text in skills {
        let skill = skill(text)?;
        required_capabilities.push(capability(&skill.name, skill.level)?);
    }
    let mut dependencies = Vec::new();
    for text in predecessors {
        dependencies.push(ItemId::Number(number(text, "a predecessor")?));
    }
    let (title, files_involved) = (format!("Task {id}"), Vec::new());
    let priority = Priority::Medium;
    project.tasks.push(ProjectTask {
        id,
        title,
        estimated_duration,
        dependencies,
        required_capabilities,
        files_involved,
        priority,
    });
    Ok(())
}

/// The words of a row; a skill and its level are one, however they are spaced.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match words.last_mut() {
            Some(last) if last.ends_with(':') || word.starts_with(':') => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn number(text: &str, what: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number, as {what} must be"))
}

/// `Q3:2`
fn skill(text: &str) -> Result<Skill, String> {
    let parts = text.split_once(':').and_then(|(name, level)| Some((name, level.parse().ok()?)));
    match parts {
        Some((name, level)) if !name.is_empty() && level <= LEVEL_MAX => {
            Ok(Skill { name: name.to_owned(), level })
        }
        _ => Err(format!("{text:?} is not a skill with a level from 0 to {LEVEL_MAX}, like Q3: 2")),
    }
}

fn capability(name: &str, level: u32) -> Result<Capability, String> {
    Capability::new(&format!("{name}:{level}")).map_err(|bad| bad.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "\
==========
General characteristics:
Tasks: 3
==========
ResourceID \t Salary \t Skills 
1\t \t \t56.0\t \t Q1: 0 \t  Q2: 1 \t 
2\t \t \t53.6\t \t Q2: 2 \t 
==========
TaskID \t Duration \t Skill \t Predecessor IDs 
1\t \t \t37\t \t Q2: 1\t \t
2\t \t \t36\t \t Q2: 2\t \t
7\t \t \t20\t \t Q1: 0\t \t1\t2\t
==========
";

    #[test]
    fn a_file_is_read_and_can_be_planned() {
        let project = read("small", SMALL).unwrap();
        assert_eq!((project.agents.len(), project.tasks.len()), (2, 3));
        assert_eq!(project.tasks[2].dependencies, [ItemId::Number(1), ItemId::Number(2)]);
        let problem = project.problem().unwrap();
        let able: Vec<&[u32]> =
            problem.tasks.iter().map(|task| problem.groups[task.group as usize].as_slice()).collect();
        assert_eq!(able, [&[0, 1][..], &[1], &[0]]);
        assert_eq!(problem.tasks[2].after, [0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line() {
        let check = |from: &str, to: &str, line, problem: &str| {
            let bad = read("small", &SMALL.replace(from, to)).unwrap_err();
            assert_eq!((bad.line, bad.problem.as_str()), (line, problem));
        };
        check("1\t \t \t37", "1\t \t \tlong", 10, "\"long\" is not a number, as the duration must be");
        check("Q2: 2 \t \n", "Q2 \t \n", 7, "\"Q2\" is not a skill with a level from 0 to 100, like Q3: 2");
        check("7\t \t", "2\t \t", 12, "task 2 is there twice");
        check(
            "TaskID",
            "Tasks",
            13,
            "the file ends without a table of tasks (a line that begins with TaskID)",
        );
    }
}
