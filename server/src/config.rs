//! Configuration, strongest first: flags, environment (both through the command line's parser), `.manus-sync/config.toml`,
//! defaults.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use engine::TimeMs;
use serde::Deserialize;

use crate::cli::{CommonArgs, ServeArgs, Span};
use crate::commands::hook::Settings as HookSettings;
use crate::gate::Auth;
use crate::log::{EndpointError, LogFormat, LogOptions};
use crate::serve::Options;
use crate::site::Site;
use crate::tls::Identity;

/// Where the server listens unless told otherwise.
pub const LISTEN: &str = "127.0.0.1:3334";
/// How many requests a second a token may make unless told otherwise: far more than any agent needs.
const RATE_LIMIT: u32 = 500;
/// What is faster than this is no limit.
const RATE_LIMIT_MAX: u32 = 1_000_000;
/// Nobody wants to wait longer for a plan.
const PLAN_BUDGET_MAX_MS: u32 = 60_000;
/// Where the file lies in the project.
const FILE: &str = ".manus-sync/config.toml";

/// Why a configuration cannot be used: a sentence that names the culprit.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// What can stand in the file. The names are those of the flags.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    listen: Option<String>,
    database: Option<String>,
    #[serde(default)]
    allow_host: Vec<String>,
    heartbeat_timeout_secs: Option<u32>,
    lock_delay_secs: Option<u32>,
    plan_budget_ms: Option<u32>,
    keep_history: Option<Span>,
    log_format: Option<LogFormat>,
    otlp_endpoint: Option<String>,
    #[serde(default)]
    hooks: HookSettings,
    stall_after_secs: Option<u32>,
    #[serde(default)]
    reassign_stalled: bool,
    auth: Option<Auth>,
    rate_limit: Option<u32>,
    /// What this project's commands show to a server that asks for it.
    token: Option<String>,
    /// Who vouches for that server.
    cacert: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

impl File {
    fn read(project_root: &Path) -> Result<Self, ConfigError> {
        let path = project_root.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ConfigError(format!("{}: {error}", path.display()))),
        };
        // Both `lock-delay-secs`, as in the flag, and `lock_delay_secs` are what one would write.
        let text = dashed(&text);
        toml::from_str(&text).map_err(|error| ConfigError(format!("{}: {error}", path.display())))
    }
}

/// Keys with dashes in place of underscores.
fn dashed(text: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((key, value)) if !key.trim_start().starts_with('#') => {
            format!("{}={value}\n", key.replace('_', "-"))
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// How hooks and guard shall behave in a project, as its file says.
pub(crate) fn hook_settings(project_root: &Path) -> Result<HookSettings, ConfigError> {
    File::read(project_root).map(|file| file.hooks)
}

/// What a project's file says to those who talk to its server.
#[derive(Debug, Default)]
pub(crate) struct ForClients {
    /// What to show there.
    pub token: Option<String>,
    /// Who vouches for it.
    pub cacert: Option<PathBuf>,
}

/// What a project's file says to its commands. A file that cannot be read says nothing: whoever serves the project is told what
/// is wrong with it.
pub(crate) fn for_clients(project_root: &Path) -> ForClients {
    let file = File::read(project_root).unwrap_or_default();
    ForClients {
        token: file.token.filter(|token| !token.is_empty()),
        cacert: file.cacert.map(|file| project_root.join(file)),
    }
}

/// How to serve a project.
pub fn serve_options(args: ServeArgs) -> Result<Options, ConfigError> {
    let ServeArgs { project_root, database, common } = args;
    let file = File::read(&project_root)?;
    let database =
        database.or(file.database.clone()).map(|given| database_file(&project_root, &given)).transpose()?;
    let mut options = options(hub::Config::new(project_root), common, file)?;
    options.hub.database = database;
    Ok(options)
}

/// How to serve the demonstration's folder.
pub fn demo_options(folder: &Path, common: CommonArgs) -> Result<Options, ConfigError> {
    options(hub::Config::new(folder), common, File::default())
}

/// How to log while serving a project.
pub fn log_options(args: &ServeArgs) -> Result<LogOptions, ConfigError> {
    logging(&args.common, File::read(&args.project_root)?)
}

/// How to log while the demonstration is on.
pub fn demo_log_options(args: &CommonArgs) -> Result<LogOptions, ConfigError> {
    logging(args, File::default())
}

fn logging(args: &CommonArgs, file: File) -> Result<LogOptions, ConfigError> {
    let endpoint = args.otlp_endpoint.clone().or(file.otlp_endpoint);
    let traces = endpoint.map(|endpoint| endpoint.parse()).transpose();
    Ok(LogOptions {
        verbosity: args.verbose,
        format: args.log_format.or(file.log_format).unwrap_or_default(),
        traces: traces.map_err(|error: EndpointError| ConfigError(error.to_string()))?,
    })
}

fn options(mut hub: hub::Config, args: CommonArgs, file: File) -> Result<Options, ConfigError> {
    let settings = &mut hub.settings;
    if let Some(secs) = args.heartbeat_timeout_secs.or(file.heartbeat_timeout_secs) {
        if secs < 2 {
            let message =
                format!("heartbeat-timeout-secs is {secs}; agents need at least 2 s to give a sign of life");
            return Err(ConfigError(message));
        }
        settings.heartbeat_timeout_ms = TimeMs::from(secs) * 1000;
    }
    if let Some(secs) = args.lock_delay_secs.or(file.lock_delay_secs) {
        settings.lock_delay_ms = TimeMs::from(secs) * 1000;
    }
    if let Some(ms) = args.plan_budget_ms.or(file.plan_budget_ms) {
        if ms > PLAN_BUDGET_MAX_MS {
            let message = format!("plan-budget-ms is {ms}; a plan may take {PLAN_BUDGET_MAX_MS} ms at most");
            return Err(ConfigError(message));
        }
        hub.plan_budget_ms = u64::from(ms);
    }
    if let Some(secs) = args.stall_after_secs.or(file.stall_after_secs) {
        if secs == 0 {
            let message = "stall-after-secs is 0; agents need at least 1 s between two reports".to_owned();
            return Err(ConfigError(message));
        }
        settings.stall_after_ms = TimeMs::from(secs) * 1000;
    }
    hub.keep_history_ms = args.keep_history.or(file.keep_history).map(Span::ms);
    settings.reassign_stalled = args.reassign_stalled || file.reassign_stalled;
    let within = |file: Option<PathBuf>| file.map(|file| hub.project_root.join(file));
    let tls_key = args.tls_key.or_else(|| within(file.tls_key));
    let tls = Identity::of(args.tls_cert.or_else(|| within(file.tls_cert)), tls_key);
    let tls = tls.map_err(|error| ConfigError(error.to_string()))?;
    let listen = address(args.listen.or(file.listen).as_deref().unwrap_or(LISTEN))?;
    let allow_hosts = if args.allow_host.is_empty() { file.allow_host } else { args.allow_host };
    let auth = args.auth.or(file.auth).unwrap_or_default();
    let rate_limit = args.rate_limit.or(file.rate_limit).unwrap_or(RATE_LIMIT);
    if rate_limit > RATE_LIMIT_MAX {
        return Err(ConfigError(format!(
            "rate-limit is {rate_limit}; use at most {RATE_LIMIT_MAX}, or 0 for none"
        )));
    }
    Ok(Options { hub, listen, allow_hosts, auth, rate_limit, tls, site: Site::find() })
}

fn address(text: &str) -> Result<SocketAddr, ConfigError> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || {
        ConfigError(format!("{text:?} is not an address to listen on; write host and port, as in {LISTEN}"))
    };
    // Names of this machine, `localhost` above all. IPv4 first: that is what others will try, too.
    let found: Vec<SocketAddr> = text.to_socket_addrs().map_err(|_| wrong())?.collect();
    found.iter().find(|address| address.is_ipv4()).or(found.first()).copied().ok_or_else(wrong)
}

/// The database of a project: the one given, else the one in its configuration, else the usual one.
pub fn database(project_root: &Path, given: Option<&str>) -> Result<PathBuf, ConfigError> {
    let file = File::read(project_root)?;
    match given.or(file.database.as_deref()) {
        Some(given) => database_file(project_root, given),
        None => Ok(hub::default_database(project_root)),
    }
}

/// A project that is to be taken hold of without being served: the database given, else the configured one.
pub fn at_rest(project_root: &Path, given: Option<&str>) -> Result<hub::Config, ConfigError> {
    let file = File::read(project_root)?;
    let mut config = hub::Config::new(project_root);
    let given = given.or(file.database.as_deref());
    config.database = given.map(|given| database_file(project_root, given)).transpose()?;
    Ok(config)
}

/// A file, perhaps as an address of SQLite's kind.
fn database_file(project_root: &Path, given: &str) -> Result<PathBuf, ConfigError> {
    let path = ["sqlite://", "sqlite:"].iter().find_map(|scheme| given.strip_prefix(scheme)).unwrap_or(given);
    if path.contains("://") {
        let message = format!("{given}: this version keeps projects in SQLite alone; name a file");
        return Err(ConfigError(message));
    }
    let path = path.split('?').next().unwrap_or(path);
    Ok(if Path::new(path).is_absolute() { PathBuf::from(path) } else { project_root.join(path) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, args: CommonArgs) -> Result<Options, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".manus-sync")).unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        serve_options(ServeArgs { project_root: folder.path().to_owned(), database: None, common: args })
    }

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let text = "listen = '127.0.0.1:4000'\nlock_delay_secs = 3\nheartbeat-timeout-secs = 30\n";
        let args = CommonArgs { listen: Some("localhost:5000".to_owned()), ..CommonArgs::default() };
        let options = with_file(text, args).unwrap();
        assert_eq!(options.listen, "127.0.0.1:5000".parse().unwrap());
        assert_eq!(options.hub.settings.lock_delay_ms, 3_000);
        assert_eq!(options.hub.settings.heartbeat_timeout_ms, 30_000);
        let kept = |text: &str, span: Option<&str>| {
            let keep_history = span.map(|span| span.parse().unwrap());
            with_file(text, CommonArgs { keep_history, ..CommonArgs::default() }).unwrap().hub.keep_history_ms
        };
        assert_eq!(kept("keep-history = '30d'\n", None), Some(30 * 24 * 3_600_000));
        assert_eq!((kept("keep_history = '30d'\n", Some("2h")), kept("", None)), (Some(7_200_000), None));
        assert_eq!(with_file("plan_budget_ms = 0\n", CommonArgs::default()).unwrap().hub.plan_budget_ms, 0);
        let stalls = |text: &str, args| {
            let settings = with_file(text, args).unwrap().hub.settings;
            (settings.stall_after_ms, settings.reassign_stalled)
        };
        assert_eq!(
            stalls("stall-after-secs = 90\nreassign-stalled = true\n", CommonArgs::default()),
            (90_000, true)
        );
        let args = CommonArgs { stall_after_secs: Some(5), reassign_stalled: true, ..CommonArgs::default() };
        assert_eq!(stalls("stall_after_secs = 90\n", args), (5_000, true));
        assert_eq!(stalls("", CommonArgs::default()), (600_000, false));
        let defaults = with_file("", CommonArgs::default()).unwrap();
        let auth =
            |text: &str, auth| with_file(text, CommonArgs { auth, ..CommonArgs::default() }).unwrap().auth;
        assert_eq!(auth("", None), Auth::Auto);
        assert_eq!(auth("auth = 'required'\n", None), Auth::Required);
        assert_eq!(auth("auth = 'required'\n", Some(Auth::Off)), Auth::Off);
        let text = "[hooks]\nfail_closed = true\nclaim-ttl-secs = 60\n";
        let hooks = toml::from_str::<File>(&dashed(text)).unwrap().hooks;
        assert_eq!(hooks, HookSettings { fail_closed: true, claim_ttl_secs: Some(60) });
        assert_eq!((defaults.listen, defaults.hub.settings.lock_delay_ms), (LISTEN.parse().unwrap(), 15_000));
    }

    #[test]
    fn logging_goes_by_the_same_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".manus-sync")).unwrap();
        let text = "log-format = 'json'\notlp_endpoint = 'http://localhost:4318'\n";
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let said = |common: CommonArgs| {
            log_options(&ServeArgs { project_root: folder.path().to_owned(), database: None, common })
                .unwrap()
        };
        let by_file = said(CommonArgs::default());
        assert_eq!(by_file.format, LogFormat::Json);
        assert_eq!(by_file.traces.unwrap().to_string(), "http://localhost:4318/v1/traces");
        assert_eq!(
            said(CommonArgs { log_format: Some(LogFormat::Text), ..CommonArgs::default() }).format,
            LogFormat::Text
        );
        assert_eq!(demo_log_options(&CommonArgs::default()).unwrap().traces, None);
        let wrong = CommonArgs { otlp_endpoint: Some("https://there".to_owned()), ..CommonArgs::default() };
        let error = demo_log_options(&wrong).unwrap_err().to_string();
        assert!(error.contains("http://localhost:4318"), "{error}");
    }

    #[test]
    fn mistakes_are_named() {
        let error = with_file("lisen = '127.0.0.1:4000'\n", CommonArgs::default()).unwrap_err().to_string();
        assert!(
            error.contains("config.toml") && error.contains("lisen") && error.contains("listen"),
            "{error}"
        );
        let error = with_file("plan-budget-ms = 60001\n", CommonArgs::default()).unwrap_err().to_string();
        assert!(error.contains("60000 ms at most"), "{error}");
        let error = with_file("stall_after_secs = 0\n", CommonArgs::default()).unwrap_err().to_string();
        assert!(error.contains("stall-after-secs is 0"), "{error}");
        let error = with_file("listen = 'here'\n", CommonArgs::default()).unwrap_err().to_string();
        assert!(error.contains("\"here\" is not an address"), "{error}");
    }

    #[test]
    fn databases() {
        let root = Path::new("/project");
        assert_eq!(database_file(root, "a.db").unwrap(), PathBuf::from("/project/a.db"));
        assert_eq!(database_file(root, "sqlite:///var/a.db").unwrap(), PathBuf::from("/var/a.db"));
        assert_eq!(database_file(root, "sqlite:a.db?mode=rwc").unwrap(), PathBuf::from("/project/a.db"));
        assert!(database_file(root, "postgres://localhost/a").is_err());
    }
}
