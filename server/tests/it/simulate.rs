//! `manus-sync simulate`, from the command line.

use std::fs;

use expect_test::expect;
use serde_json::{Value, json};

use crate::binary::run;

const DEF: &str = "\
==========
ResourceID \t Salary \t Skills
3\t \t \t56.0\t \t Q1: 0 \t  Q2: 1
5\t \t \t53.6\t \t Q2: 2
==========
TaskID \t Duration \t Skill \t Predecessor IDs
1\t \t \t37\t \t Q2: 1
2\t \t \t36\t \t Q2: 2
7\t \t \t20\t \t Q1: 0\t \t1\t2
==========
";

fn project() -> Value {
    json!({
        "agents": [
            {"id": "ada", "capabilities": ["rust:2"]},
            {"id": "bo", "capabilities": ["python"], "max_parallel": 2},
        ],
        "tasks": [
            {"id": "api", "duration": 30, "required_capabilities": ["rust:1"], "files_involved": ["src/api.rs"]},
            {"id": "docs", "duration": 10, "dependencies": ["api"]},
            {"id": "probe", "duration": 0, "required_capabilities": ["python"], "files_involved": ["src/"]},
            {"id": 4, "duration": 5, "priority": "HIGH", "required_capabilities": ["PYTHON"]},
        ],
    })
}

fn stdout(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn schedules_come_in_the_ids_and_units_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.def"), DEF).unwrap();
    fs::write(folder.path().join("team.json"), project().to_string()).unwrap();
    let mut rows: Value =
        serde_json::from_str(&stdout(&run(folder.path(), &["simulate", "small.def", "team.json", "--json"])))
            .unwrap();
    for row in rows.as_array_mut().unwrap() {
        assert!(row["wall_ms"].is_u64());
        row["wall_ms"] = json!("some");
        let mut schedule: Vec<String> =
            row["schedule"].as_array().unwrap().iter().map(ToString::to_string).collect();
        schedule.sort();
        row["schedule"] = json!(schedule);
    }
    expect![[r#"
        [
          {
            "lower_bound": 57,
            "makespan": 57,
            "name": "small",
            "schedule": [
              "{\"agent\":3,\"finish\":37,\"start\":0,\"task\":1}",
              "{\"agent\":3,\"finish\":57,\"start\":37,\"task\":7}",
              "{\"agent\":5,\"finish\":36,\"start\":0,\"task\":2}"
            ],
            "wall_ms": "some"
          },
          {
            "lower_bound": 40,
            "makespan": 40,
            "name": "team",
            "schedule": [
              "{\"agent\":\"ada\",\"finish\":30,\"start\":0,\"task\":\"api\"}",
              "{\"agent\":\"ada\",\"finish\":40,\"start\":30,\"task\":\"docs\"}",
              "{\"agent\":\"bo\",\"finish\":30,\"start\":30,\"task\":\"probe\"}",
              "{\"agent\":\"bo\",\"finish\":5,\"start\":0,\"task\":4}"
            ],
            "wall_ms": "some"
          }
        ]"#]]
    .assert_eq(&format!("{rows:#}"));
}

#[test]
fn without_json_each_project_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.def"), DEF).unwrap();
    for policy in ["engine", "fifo"] {
        let text = stdout(&run(folder.path(), &["simulate", "--policy", policy, "small.def"]));
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!((words.len(), &words[..3]), (4, &["small", "57", "57"][..]), "{text}");
    }
}

#[test]
fn what_cannot_be_played_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.def"), DEF).unwrap();
    fs::write(folder.path().join("bad.def"), DEF.replace("36\t \t Q2: 2", "36\t \t Q9: 2")).unwrap();
    let refused = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert_eq!(output.stdout, b"");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = refused(&["simulate", "small.def", "bad.def"]);
    assert_eq!(
        (code, said.contains("bad.def: no agent can do task 2; it requires Q9:2")),
        (Some(1), true),
        "{said}"
    );
    let (code, said) = refused(&["simulate", "small.def", "none.def"]);
    assert_eq!((code, said.contains("none.def: No such file")), (Some(1), true), "{said}");
    assert_eq!(refused(&["simulate"]).0, Some(2));
    assert_eq!(refused(&["simulate", "small.def", "--policy", "luck"]).0, Some(2));
}
