//! Many tasks at once, all or none, and the checks that a new task has to pass.

use std::sync::Arc;

use engine::view::SyncTask;
use engine::{Capability, Priority, RequestId};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::api::call::server_call;

server_call! {
    /// Creates tasks, all or none.
    create_tasks: CreateTasks -> Vec<Arc<SyncTask>>,
    needs {
        /// In the order in which they get their ids.
        #[serde(deserialize_with = "objects")]
        tasks: Vec<BatchTask>,
    }
    takes {
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { TaskNotFound, TaskClosed, DependencyCycle, RequestIdReused, }
}

/// One task of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchTask {
    /// The name by which others of the same batch can depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is to be done, in one line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// How urgent; MEDIUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The files it changes; starting it claims them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_involved: Option<Vec<String>>,
    /// What must be completed before: keys of the same batch, or ids of tasks that exist. A key goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Vec<String>>,
    /// How long it should take, in minutes; 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_duration: Option<i64>,
    /// What an agent must be able to do to get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_capabilities: Option<Vec<Capability>>,
}

/// Reads a nested struct from an object only: serde's own reading would also take a list of its fields' values.
fn objects<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    Ok(Vec::<FromObject<T>>::deserialize(deserializer)?.into_iter().map(|item| item.0).collect())
}

struct FromObject<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for FromObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(std::marker::PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Object<T> {
            type Value = FromObject<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FromObject<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(FromObject)
            }
        }

        deserializer.deserialize_map(Object(std::marker::PhantomData))
    }
}

#[cfg(feature = "ssr")]
pub(super) use answers::new_task;

#[cfg(feature = "ssr")]
mod answers {
    use std::collections::HashMap;

    use engine::command::{Dependency, NewTask};
    use engine::{Answer, Command, TaskId};

    use super::*;
    use crate::api::bounds::{self, BATCH_MAX, DURATION_DEFAULT_MINUTES, DURATION_MINUTES, KEY, TITLE};
    use crate::api::door::{odd, submit};
    use crate::api::error::ApiError;
    use crate::api::files::patterns;

    /// Checks a new task. `at` leads to it, as in `tasks[3].`
    pub fn new_task(at: &str, task: BatchTask, dependencies: Vec<Dependency>) -> Result<NewTask, ApiError> {
        let argument = |name: &str| format!("{at}{name}");
        let capabilities = task.required_capabilities.unwrap_or_default();
        bounds::text(&argument("title"), &task.title, &TITLE)?;
        bounds::printable(&argument("description"), &task.description)?;
        bounds::bytes(&argument("description"), task.description.len(), bounds::DESCRIPTION_MAX)?;
        bounds::count(&argument("required_capabilities"), capabilities.len(), bounds::CAPABILITIES_MAX)?;
        Ok(NewTask {
            priority: task.priority.unwrap_or(Priority::Medium),
            files_involved: patterns(&argument("files_involved"), &task.files_involved.unwrap_or_default())?,
            dependencies,
            estimated_duration: bounds::number_or(
                &argument("estimated_duration"),
                task.estimated_duration,
                &DURATION_MINUTES,
                DURATION_DEFAULT_MINUTES,
            )?,
            required_capabilities: capabilities,
            title: task.title,
            description: task.description,
        })
    }

    impl CreateTasks {
        pub(super) async fn answer(self) -> Result<Vec<Arc<SyncTask>>, ApiError> {
            bounds::count("tasks", self.tasks.len(), BATCH_MAX)?;
            let keys = keys(&self.tasks)?;
            let mut tasks = Vec::with_capacity(self.tasks.len());
            for (place, mut task) in self.tasks.into_iter().enumerate() {
                let at = format!("tasks[{place}].");
                let named = task.dependencies.take().unwrap_or_default();
                let dependencies = dependencies(&at, &named, &keys)?;
                tasks.push(new_task(&at, task, dependencies)?);
            }
            match &*submit(Command::CreateTasks { tasks }, self.request_id).await? {
                Answer::Tasks(tasks) => Ok(tasks.clone()),
                other => Err(odd(other)),
            }
        }
    }

    /// Each key with the place of its task.
    fn keys(tasks: &[BatchTask]) -> Result<HashMap<String, usize>, ApiError> {
        let mut keys = HashMap::new();
        for (place, task) in tasks.iter().enumerate() {
            let Some(key) = &task.key else { continue };
            let argument = format!("tasks[{place}].key");
            bounds::text(&argument, key, &KEY)?;
            if let Some(first) = keys.insert(key.clone(), place) {
                let reason = format!(
                    "{argument} is {key:?}, which tasks[{first}] has already; give each task its own key"
                );
                return Err(ApiError::invalid(&argument, reason));
            }
        }
        Ok(keys)
    }

    fn dependencies(
        at: &str,
        named: &[String],
        keys: &HashMap<String, usize>,
    ) -> Result<Vec<Dependency>, ApiError> {
        bounds::count(&format!("{at}dependencies"), named.len(), bounds::DEPENDENCIES_MAX)?;
        let dependency = |(place, name): (usize, &String)| match keys.get(name) {
            Some(other) => Ok(Dependency::InBatch(*other)),
            None => TaskId::new(name).map(Dependency::Task).map_err(|_| {
                let reason = format!("{name:?} is neither a key of this batch nor a task id like T12");
                ApiError::invalid(&format!("{at}dependencies[{place}]"), reason)
            }),
        };
        named.iter().enumerate().map(dependency).collect()
    }
}
