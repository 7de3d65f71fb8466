//! The arguments of `manus-sync message …`.

use clap::{Args, Subcommand};
use engine::{ManusId, MessageId, Recipient};

use super::client::{AgentArgs, ClientArgs};

pub(super) const EXAMPLES: &str = "Examples:
  manus-sync message send bob \"src/date.rs is yours\" --as ada
  manus-sync message inbox --as bob";

/// What can be done about messages.
#[derive(Debug, Clone, Subcommand)]
pub enum MessageCommand {
    /// Write to an agent, to a role, or to everybody
    #[command(after_help = SEND)]
    Send(SendArgs),
    /// Read what waits for an agent, and mark it as read
    #[command(after_help = INBOX)]
    Inbox(InboxArgs),
    /// Mark messages as read that were only looked at
    #[command(after_help = "Example: manus-sync message ack 12 13 --as bob")]
    Ack(AckArgs),
    /// List messages, read or not
    #[command(after_help = "Examples:
  manus-sync message list -n 20
  manus-sync message list --of ada --text parser --json")]
    List(ListMessagesArgs),
}

const SEND: &str = "Examples:
  manus-sync message send bob \"src/date.rs is yours\" --as ada
  manus-sync message send role:QUALITY_ENHANCER \"please look\" --type CODE_REVIEW_REQUEST --as ada
  manus-sync message send '*' --content '{\"freeze\": true}' --type NOTICE      from you, the supervisor";
const INBOX: &str = "Examples:
  manus-sync message inbox --as bob --wait 60
  manus-sync message inbox --as bob --peek         nothing is marked";

/// A message.
#[derive(Debug, Clone, Args)]
pub struct SendArgs {
    /// To whom: an agent, role:QUALITY_ENHANCER, or *
    pub to: Recipient,
    /// What to say
    #[arg(required_unless_present = "content")]
    pub text: Option<String>,
    /// What kind of message it is
    #[arg(short, long = "type", alias = "message-type", value_name = "TYPE", default_value = "INFO")]
    pub kind: String,
    /// Any JSON in place of a text
    #[arg(long, value_name = "JSON", conflicts_with = "text")]
    pub content: Option<String>,
    /// The message that it answers
    #[arg(long, value_name = "ID")]
    pub reply_to: Option<MessageId>,
    /// Ask for a word when it was taken
    #[arg(long, alias = "requires-ack")]
    pub ack: bool,
    /// Who, and which server. Without a name it is from the supervisor.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Which of the messages that wait.
#[derive(Debug, Clone, Args)]
pub struct InboxArgs {
    /// Only look: nothing is marked
    #[arg(long)]
    pub peek: bool,
    /// Only look, at those after this number
    #[arg(long, value_name = "ID")]
    pub after: Option<MessageId>,
    /// How long to wait for one
    #[arg(long, visible_alias = "wait-secs", value_name = "SECS", allow_negative_numbers = true)]
    pub wait: Option<i64>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    pub limit: Option<i64>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Which messages were read.
#[derive(Debug, Clone, Args)]
pub struct AckArgs {
    /// Their numbers
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<MessageId>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Which messages.
#[derive(Debug, Clone, Args)]
pub struct ListMessagesArgs {
    /// Only those that this agent wrote or was sent
    #[arg(long, value_name = "NAME")]
    pub of: Option<ManusId>,
    /// Only of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only those with this in their content
    #[arg(short, long)]
    pub text: Option<String>,
    /// The newest so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}
