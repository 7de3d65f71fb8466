//! The made-up project: Harbor, a booking service, its team, its files and what is to be done.

use serde_json::{Value, json};

/// Somebody in the team.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub id: &'static str,
    /// What it is for.
    pub role: &'static str,
    /// What it can do.
    pub capabilities: &'static [&'static str],
    /// What runs it.
    pub program: &'static str,
    /// The model behind it.
    pub model: &'static str,
    /// Falls silent now and then.
    pub forgetful: bool,
}

/// Who works on it. The first one plans.
pub fn team() -> Vec<Member> {
    let member = |id, role, capabilities, program, model| Member {
        id,
        role,
        capabilities,
        program,
        model,
        forgetful: false,
    };
    vec![
        member("atlas", "COORDINATOR", &["planning", "documentation"], "claude-code", "claude-opus"),
        member("nova", "SPEED_DEVELOPER", &["rust", "sql"], "claude-code", "claude-sonnet"),
        member("bolt", "SPEED_DEVELOPER", &["rust", "python"], "codex", "gpt-codex"),
        member("pixel", "SPEED_DEVELOPER", &["typescript", "css", "html"], "cursor", "claude-sonnet"),
        member("vega", "SPEED_DEVELOPER", &["typescript", "rust"], "codex", "gpt-codex"),
        member("iris", "QUALITY_ENHANCER", &["testing", "rust", "code_review"], "claude-code", "claude-opus"),
        member("sage", "QUALITY_ENHANCER", &["testing", "typescript", "documentation"], "manus", "manus"),
        Member {
            forgetful: true,
            ..member("echo", "AI_SPECIALIST", &["python", "llm", "embeddings"], "manus", "manus")
        },
    ]
}

/// The files that are there in the beginning.
pub const FILES: &[&str] = &[
    "Cargo.toml",
    "README.md",
    "CHANGELOG.md",
    "api/src/main.rs",
    "api/src/routes/mod.rs",
    "api/src/auth.rs",
    "api/src/db.rs",
    "db/migrations/0001_init.sql",
    "web/src/app.tsx",
    "web/src/styles.css",
    "web/src/api.ts",
    "assistant/agent.py",
    "assistant/prompts.py",
    "tests/smoke.rs",
    "docs/index.md",
];

/// Files that several tasks touch in passing.
pub const SHARED_FILES: &[&str] = &["CHANGELOG.md", "README.md", "Cargo.toml", "web/src/styles.css"];

/// What agents say while they work.
pub const NOTES: &[&str] = &[
    "read the code around it",
    "first version compiles",
    "edge cases handled",
    "wrote the tests first",
    "cleaning up names",
    "found a simpler way",
    "waiting for CI",
    "all tests pass",
    "fixed what the linter said",
    "measured: fast enough",
];

/// What agents ask each other.
pub const QUESTIONS: &[&str] = &[
    "Do you need the old endpoint to stay?",
    "Is the migration safe to run twice?",
    "Which time zone do bookings use?",
    "May I move the shared types into a module of their own?",
    "Can you look at my error messages?",
];

/// What agents ask the person.
pub const DECISIONS: &[&str] = &[
    "Shall guests be able to book without an account?",
    "The payment provider's sandbox is down. Wait, or mock it?",
    "Two designs for the calendar are ready in docs/. Which one?",
];

struct Step {
    key: &'static str,
    title: &'static str,
    description: &'static str,
    priority: &'static str,
    minutes: u32,
    needs: &'static [&'static str],
    after: &'static [&'static str],
    files: &'static [&'static str],
}

const FOUNDATION: &[Step] = &[
    Step {
        key: "plan",
        title: "Plan the first release",
        description: "Scope, milestones, who depends on whom.",
        priority: "CRITICAL",
        minutes: 30,
        needs: &["planning"],
        after: &[],
        files: &["docs/plan.md"],
    },
    Step {
        key: "schema",
        title: "Design the booking schema",
        description: "Rooms, guests, bookings, payments; constraints by name.",
        priority: "CRITICAL",
        minutes: 60,
        needs: &["sql"],
        after: &["plan"],
        files: &["db/migrations/0002_bookings.sql"],
    },
    Step {
        key: "auth",
        title: "Implement user authentication",
        description: "JWT-based authentication for the API, with refresh tokens.",
        priority: "HIGH",
        minutes: 120,
        needs: &["rust"],
        after: &["plan"],
        files: &["api/src/auth.rs", "api/src/middleware.rs"],
    },
    Step {
        key: "rooms",
        title: "Add the rooms endpoint",
        description: "List, filter by date, paging.",
        priority: "HIGH",
        minutes: 90,
        needs: &["rust"],
        after: &["schema"],
        files: &["api/src/routes/rooms.rs", "api/src/routes/mod.rs"],
    },
    Step {
        key: "book",
        title: "Add the booking endpoint",
        description: "No double bookings, whatever the race.",
        priority: "CRITICAL",
        minutes: 150,
        needs: &["rust"],
        after: &["schema", "auth"],
        files: &["api/src/routes/bookings.rs", "api/src/db.rs"],
    },
    Step {
        key: "shell",
        title: "Build the web app's shell",
        description: "Navigation, theme, loading and error states.",
        priority: "HIGH",
        minutes: 90,
        needs: &["typescript"],
        after: &["plan"],
        files: &["web/src/app.tsx", "web/src/styles.css"],
    },
    Step {
        key: "search",
        title: "Create the search page",
        description: "Dates, guests, map; works with the keyboard.",
        priority: "HIGH",
        minutes: 120,
        needs: &["typescript"],
        after: &["shell", "rooms"],
        files: &["web/src/pages/search.tsx", "web/src/api.ts"],
    },
    Step {
        key: "checkout",
        title: "Create the checkout flow",
        description: "Three steps, resumable.",
        priority: "HIGH",
        minutes: 150,
        needs: &["typescript"],
        after: &["search", "book"],
        files: &["web/src/pages/checkout.tsx"],
    },
    Step {
        key: "pay",
        title: "Integrate payments",
        description: "Authorise at booking, capture at arrival.",
        priority: "HIGH",
        minutes: 120,
        needs: &["rust"],
        after: &["book"],
        files: &["api/src/payments/"],
    },
    Step {
        key: "faq",
        title: "Collect an FAQ for the assistant",
        description: "From the support inbox, without personal data.",
        priority: "MEDIUM",
        minutes: 45,
        needs: &["llm"],
        after: &["plan"],
        files: &["assistant/faq.md"],
    },
    Step {
        key: "bot",
        title: "Prototype the booking assistant",
        description: "Answers from the FAQ, books through the API.",
        priority: "MEDIUM",
        minutes: 150,
        needs: &["llm"],
        after: &["faq", "book"],
        files: &["assistant/agent.py", "assistant/prompts.py"],
    },
    Step {
        key: "smoke",
        title: "Write end-to-end smoke tests",
        description: "Search, book, pay, cancel.",
        priority: "HIGH",
        minutes: 90,
        needs: &["testing"],
        after: &["checkout", "pay"],
        files: &["tests/"],
    },
    Step {
        key: "race",
        title: "Test bookings under concurrency",
        description: "A hundred guests, one room.",
        priority: "HIGH",
        minutes: 60,
        needs: &["testing", "rust"],
        after: &["book"],
        files: &["api/tests/races.rs"],
    },
    Step {
        key: "perf",
        title: "Optimize the search query",
        description: "Under 50 ms with a million bookings.",
        priority: "MEDIUM",
        minutes: 75,
        needs: &["sql"],
        after: &["rooms"],
        files: &["db/migrations/0003_search.sql", "api/src/routes/rooms.rs"],
    },
    Step {
        key: "docs",
        title: "Write the API guide",
        description: "Each endpoint with an example that runs.",
        priority: "LOW",
        minutes: 60,
        needs: &["documentation"],
        after: &["book", "rooms"],
        files: &["docs/api.md"],
    },
    Step {
        key: "legacy",
        title: "Port the legacy invoice run",
        description: "Still in COBOL, on the old machine.",
        priority: "LOW",
        minutes: 180,
        needs: &["cobol"],
        after: &[],
        files: &["legacy/invoices.cob"],
    },
    Step {
        key: "ship",
        title: "Release 1.0",
        description: "Tag, notes, announcement.",
        priority: "HIGH",
        minutes: 30,
        needs: &["planning"],
        after: &["smoke", "race", "docs", "perf"],
        files: &["CHANGELOG.md"],
    },
];

const FEATURES: &[&str] = &[
    "Waitlist",
    "Gift cards",
    "Group bookings",
    "Calendar sync",
    "Loyalty points",
    "Late checkout",
    "Seasonal prices",
    "Guest reviews",
    "Room upgrades",
    "Invoices by e-mail",
    "Airport transfers",
    "Pet friendly rooms",
];

/// What `create_tasks` is called with: first the foundation, then a feature at a time.
pub fn chapter(number: usize) -> Value {
    match number.checked_sub(1) {
        None => json!({ "tasks": FOUNDATION.iter().map(Step::as_task).collect::<Vec<_>>() }),
        Some(n) => feature(FEATURES[n % FEATURES.len()], number),
    }
}

impl Step {
    fn as_task(&self) -> Value {
        json!({
            "key": self.key, "title": self.title, "description": self.description, "priority": self.priority,
            "estimated_duration": self.minutes, "required_capabilities": self.needs, "dependencies": self.after,
            "files_involved": self.files,
        })
    }
}

fn feature(name: &str, number: usize) -> Value {
    let file = name.to_lowercase().replace([' ', '-'], "_");
    let task = |key: &str, title: String, need: &str, after: &[&str], file: String, minutes: u32| {
        json!({
            "key": key, "title": title, "description": format!("Part of the feature “{name}”."), "estimated_duration": minutes,
            "priority": if number.is_multiple_of(3) { "HIGH" } else { "MEDIUM" }, "required_capabilities": [need],
            "dependencies": after, "files_involved": [file],
        })
    };
    json!({ "tasks": [
        task("schema", format!("{name}: schema"), "sql", &[], format!("db/migrations/{:04}_{file}.sql", number + 3), 30),
        task("api", format!("{name}: API"), "rust", &["schema"], format!("api/src/routes/{file}.rs"), 90),
        task("ui", format!("{name}: pages"), "typescript", &["api"], format!("web/src/pages/{file}.tsx"), 90),
        task("bot", format!("{name}: teach the assistant"), "llm", &["api"], "assistant/prompts.py".to_owned(), 45),
        task("test", format!("{name}: tests"), "testing", &["api", "ui"], format!("tests/{file}.rs"), 60),
        task("docs", format!("{name}: documentation"), "documentation", &["ui"], format!("docs/{file}.md"), 30),
    ] })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_but_one_thing_can_be_done_by_the_team() {
        let able: BTreeSet<&str> =
            team().iter().flat_map(|member| member.capabilities.iter().copied()).collect();
        let beyond: Vec<_> =
            FOUNDATION.iter().filter(|step| step.needs.iter().any(|need| !able.contains(need))).collect();
        assert_eq!(beyond.iter().map(|step| step.key).collect::<Vec<_>>(), ["legacy"]);
        for step in FOUNDATION {
            let together =
                team().iter().any(|member| step.needs.iter().all(|need| member.capabilities.contains(need)));
            assert!(together || step.key == "legacy", "nobody can do {}", step.key);
        }
    }
}
