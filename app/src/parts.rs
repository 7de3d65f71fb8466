//! The parts of the browser's program that are loaded apart: the rooms that are seldom first on screen, the drawer, the dialogs.
//!
//! Each part is a function that answers what draws it. In the browser's release build (feature `split`) such a function, and all
//! that only parts need, are in files of their own; in every other build all parts are there from the start.

use std::future::Future;
use std::pin::Pin;

use crate::prelude::*;
use futures::FutureExt;
use leptos::task::spawn_local;

use crate::components;
use crate::desk::{Ask, use_desk};
use crate::live::Live;
use crate::live::figures::Figures;
use crate::nav::{Open, Place, Room};
use crate::pages;
use crate::ui::{IntoNode, Node};

/// What draws a part.
type Draw = fn() -> Node;

/// Why a part is not there. The browser's console says more.
#[cfg(feature = "split")]
type Lost = wasm_split_helpers::SplitLoaderError;
/// Nothing can be missing where everything is in one piece.
#[cfg(not(feature = "split"))]
type Lost = std::convert::Infallible;

type Loading = Pin<Box<dyn Future<Output = Result<Draw, Lost>>>>;

/// In the context of a rendering when the site has the parts in files of their own.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Copy)]
pub struct Apart;

/// The script that loads parts.
#[cfg(feature = "ssr")]
pub const LOADER: &str = "__wasm_split.js";

/// The files without which a place cannot be shown, for the browser to load at once.
#[cfg(feature = "ssr")]
pub fn files_for(live: Live, place: &Place) -> Vec<String> {
    needed(live, place).map(|part| format!("{}.part", part.name())).collect()
}

/// What the person is told when a part cannot be loaded.
pub const LOST: &str = "A part of the page could not be loaded. Try again, or reload the page.";

macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident = $name:ident: $draw:expr;)+) => {
        /// The parts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Part {
            $($(#[$doc])* $part,)+
        }

        impl Part {
            /// All of them.
            const ALL: &[Self] = &[$(Self::$part),+];

            /// The name under which the site has its files.
            #[cfg(feature = "ssr")]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$part => stringify!($name),)+
                }
            }

            fn load(self) -> Loading {
                match self {
                    $(Self::$part => Box::pin(apart::$name()),)+
                }
            }
        }

        mod apart {
            use super::*;

            $(
                #[cfg(feature = "split")]
                #[wasm_split_helpers::wasm_split($name, fallible)]
                pub fn $name() -> Result<Draw, Lost> {
                    Ok($draw)
                }

                #[cfg(not(feature = "split"))]
                pub async fn $name() -> Result<Draw, Lost> {
                    Ok($draw)
                }
            )+
        }
    };
}

parts! {
    /// How to begin, where no agent has ever been.
    FirstRun = first_run: pages::first_run::first_run;
    /// How to begin, where there has never been a task.
    FirstTask = first_task: pages::first_run::first_task;
    /// The room of agents.
    Roster = roster: components::roster::roster;
    /// The room of messages.
    Messages = messages: components::mail::mail;
    /// The room of files.
    Files = files: components::files::files;
    /// The timeline.
    Timeline = timeline: pages::timeline;
    /// The room of insights.
    Insights = insights: components::insights::insights;
    /// The log.
    Activity = activity: pages::activity;
    /// How to connect agents.
    Connect = connect: components::connect::connect;
    /// The settings.
    Settings = settings: components::settings::settings;
    /// What can be done with the ticked tasks.
    Picked = picked: components::picked::picked;
    /// Tasks as a board.
    Board = board: components::board::board;
    /// Tasks as a graph.
    Graph = graph: components::graph::graph;
    /// The drawer with a task.
    OpenTask = open_task: components::drawer::open_task;
    /// The drawer with an agent.
    OpenAgent = open_agent: components::drawer::open_agent;
    /// What the task in the drawer waits for.
    Waits = waits: components::drawer::waits::waits;
    /// What takes points off the project's health.
    Health = health: components::health::causes;
    /// How the score of the agent in the drawer has moved.
    Score = score: components::drawer::score::score;
    /// The way through time.
    Travel = travel: components::travel::travel;
    /// What happened while nobody looked.
    Digest = digest: components::digest::digest;
    /// Taking back, and copying.
    Errands = errands: components::errands::errands;
    /// The palette, the help, and how to copy what has no dialog of its own.
    Finding = finding: components::dialogs::finding;
    /// The dialog for a new task.
    Tasks = tasks: components::dialogs::tasks;
    /// The dialog in which a task is changed.
    Editing = editing: components::dialogs::editing;
    /// The dialog in which a message is written.
    Letter = letter: components::dialogs::letter;
    /// The dialogs about a task or a file that only ask whether, and perhaps why.
    Confirming = confirming: components::dialogs::confirming;
    /// Those about an agent.
    Dismissing = dismissing: components::dialogs::dismissing;
    /// The dialog that says how each agent would do with a task.
    Assigning = assigning: components::dialogs::assigning;
    /// The dialog in which a result is judged.
    Reviewing = reviewing: components::dialogs::reviewing;
    /// The dialogs about all ticked tasks.
    Deciding = deciding: components::dialogs::deciding;
}

/// What has to be there before a place can be shown.
fn needed(live: Live, place: &Place) -> impl Iterator<Item = Part> {
    let nobody = untrack(|| live.agent_rows(true).is_empty());
    let no_task = !live.figures.with_untracked(Figures::any_task);
    let room = match place.room {
        Some(
            Room::Overview | Room::Agents | Room::Messages | Room::Files | Room::Timeline | Room::Insights,
        ) if nobody => Some(Part::FirstRun),
        Some(Room::Agents) => Some(Part::Roster),
        Some(Room::Messages) => Some(Part::Messages),
        Some(Room::Files) => Some(Part::Files),
        Some(Room::Timeline) => Some(Part::Timeline),
        Some(Room::Insights) => Some(Part::Insights),
        Some(Room::Activity) => Some(Part::Activity),
        Some(Room::Connect) => Some(Part::Connect),
        Some(Room::Settings) => Some(Part::Settings),
        Some(Room::Tasks) => match place.choice("view") {
            "board" => Some(Part::Board),
            "graph" => Some(Part::Graph),
            _ => no_task.then_some(Part::FirstTask),
        },
        Some(Room::Overview) => no_task.then_some(Part::FirstTask),
        None => None,
    };
    let within = |open: &Open| match open {
        Open::Task(_) => Part::Waits,
        Open::Agent(_) => Part::Score,
    };
    let open = place.open.iter().flat_map(move |open| [in_drawer(open), within(open)]);
    let travel = (!place.choice("at").is_empty()).then_some(Part::Travel);
    room.into_iter().chain(open).chain(travel)
}

/// The part that draws what is open.
pub const fn in_drawer(open: &Open) -> Part {
    match open {
        Open::Task(_) => Part::OpenTask,
        Open::Agent(_) => Part::OpenAgent,
    }
}

/// The part that asks something.
pub const fn asking(ask: &Ask) -> Part {
    match ask {
        Ask::Palette | Ask::Help | Ask::Copy { .. } => Part::Finding,
        Ask::CreateTask => Part::Tasks,
        Ask::Edit(_) => Part::Editing,
        Ask::Message { .. } => Part::Letter,
        Ask::Assign(_) => Part::Assigning,
        Ask::Review(..) => Part::Reviewing,
        Ask::Bulk(..) => Part::Deciding,
        Ask::Release(_) | Ask::Cancel(_) | Ask::Hold(_) => Part::Confirming,
        Ask::Deregister(_) | Ask::Drain(_) | Ask::ReleaseAll(_) => Part::Dismissing,
    }
}

/// The parts that have arrived. A handle in the context.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    there: RwSignal<Vec<Option<Draw>>>,
    live: Live,
}

impl Parts {
    /// To be called once.
    pub fn provide(live: Live) -> Self {
        let there =
            |part: &Part| if cfg!(feature = "split") { None } else { part.load().now_or_never()?.ok() };
        let parts = Self { there: RwSignal::new(Part::ALL.iter().map(there).collect()), live };
        provide_context(parts);
        parts
    }

    fn draw(self, part: Part) -> Option<Draw> {
        self.there.with(|all| all[part as usize])
    }

    /// Whether a part is there, followed.
    pub fn has(self, part: Part) -> bool {
        self.draw(part).is_some()
    }

    /// What has to be there before a place can be shown, and is not.
    pub fn missing(self, place: &Place) -> Vec<Part> {
        needed(self.live, place).filter(|part| untrack(|| !self.has(*part))).collect()
    }

    /// Brings parts in; true when all of them are there.
    pub async fn bring(self, parts: Vec<Part>) -> bool {
        for part in parts {
            match part.load().await {
                Ok(draw) => self.there.update(|all| all[part as usize] = Some(draw)),
                Err(_) => return false,
            }
        }
        true
    }

    /// Brings all parts in, so that every way is short from then on. What is missing is asked for again when it is needed.
    #[cfg(feature = "hydrate")]
    pub async fn bring_all(self) {
        for part in Part::ALL.iter().copied().filter(|part| untrack(|| !self.has(*part))) {
            self.bring(vec![part]).await;
        }
    }
}

/// The parts that have arrived.
pub fn use_parts() -> Parts {
    expect_context::<Parts>()
}

/// A part on screen; nothing as long as it is on its way.
pub fn show(part: Part) -> Node {
    let (parts, desk) = (use_parts(), use_desk());
    let there = Memo::new(move |_| parts.has(part));
    let shown = move || {
        if there.get() {
            return untrack(|| parts.draw(part)).map(|draw| draw());
        }
        spawn_local(async move {
            if !parts.bring(vec![part]).await {
                // A dialog without content would only be in the way.
                desk.close();
                desk.complain(LOST);
            }
        });
        None
    };
    shown.into_node()
}
