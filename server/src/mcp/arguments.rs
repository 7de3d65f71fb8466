//! What an agent need not say with each call of a tool.

use app::api::ApiError;
use rmcp::model::{Implementation, JsonObject};
use serde_json::Value;

use super::tools::{Actor, Tool};

/// How many messages are read at once where the agent does not say.
const MESSAGES: u64 = 20;

impl Tool {
    /// The arguments for a client whose hooks have introduced it under this name. It is one agent and joins as that one, whatever
    /// name it chooses: under another its hooks would keep it from the files that it claims itself.
    pub fn as_introduced(&self, mut arguments: JsonObject, name: Option<&str>) -> JsonObject {
        if let (Some(name), "join") = (name, self.name) {
            arguments.insert("manus_id".to_owned(), name.into());
            arguments.insert("takeover".to_owned(), true.into());
        }
        arguments
    }

    /// Adds to the arguments what goes without saying: `me` is who makes the call, where the session knows. Also answers who makes
    /// it, where that is known.
    pub fn complete(
        &self,
        mut arguments: JsonObject,
        client: Option<Implementation>,
        me: Option<String>,
    ) -> Result<(JsonObject, Option<String>), ApiError> {
        arguments.retain(|_, value| !value.is_null());
        if self.name == "inbox" {
            arguments.entry("limit").or_insert(MESSAGES.into());
        }
        if let (Some(client), "join") = (client, self.name) {
            arguments.entry("program").or_insert(client.name.into());
        }
        let Some(actor) = self.actor else {
            // Nobody asked, and it is welcome as a sign of life.
            let named = arguments.remove("manus_id");
            return Ok((arguments, named.as_ref().and_then(Value::as_str).map(str::to_owned)));
        };
        let field = if let Actor::Needed(field) = actor { field } else { "manus_id" };
        let named = arguments.remove("manus_id").or_else(|| arguments.remove(field));
        let manus = named.or_else(|| me.map(Value::String));
        let known = manus.as_ref().and_then(Value::as_str).map(str::to_owned);
        match manus {
            Some(manus) => {
                arguments.insert(field.to_owned(), manus);
            }
            None if actor == Actor::Welcome => {}
            None if self.name == "join" => {
                return Err(unknown("say who you are with manus_id, a name of your choice"));
            }
            None => return Err(unknown("say who you are: call join first, or pass manus_id")),
        }
        Ok((arguments, known))
    }
}

fn unknown(what_to_do: &str) -> ApiError {
    ApiError::invalid("manus_id", what_to_do)
}
