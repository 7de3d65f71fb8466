//! `manus-sync serve`: serves a project until told to stop.

use std::process::{Command, Stdio};

use tokio::signal;

use super::Failed;
use crate::cli::ServeArgs;
use crate::config::{self, ConfigError};
use crate::log;
use crate::serve::{Options, Server, StartError};

/// Serves until SIGTERM or SIGINT.
pub fn run(args: ServeArgs) -> Result<(), Failed> {
    let _logging = log::init(&config::log_options(&args)?);
    let open = args.common.open;
    let options = config::serve_options(args)?;
    runtime()?.block_on(async {
        let server = start(options, open).await?;
        stop_asked_for().await;
        stop(server).await;
        Ok(())
    })
}

/// Many threads, for a server.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    // Each watcher and each agent is an open file; the usual limit of 1,024 is meant for other programs.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(%error, "The limit of open files stays as it is");
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failed::refused)
}

/// Starts, and says where on one line of stdout.
pub(super) async fn start(options: Options, open: bool) -> Result<Server, Failed> {
    let server = Server::start(options).await?;
    let url = server.url();
    println!("{url}");
    let root = server.hub().paths().root();
    tracing::info!("Serving {} on {url}", root.display());
    if let Some(report) = server.hub().imported() {
        report.odd.iter().for_each(|odd| tracing::warn!("{odd}"));
        tracing::info!("{report}; the original is kept in {}", report.backup.display());
    }
    if open {
        open_in_browser(&url);
    }
    Ok(server)
}

/// Waits for SIGTERM or SIGINT. After the first of them, another SIGINT ends the program at once.
pub(super) async fn stop_asked_for() {
    #[cfg(unix)]
    let terminated = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        _ = signal::ctrl_c() => {}
        _ = terminated => {}
    }
    tokio::spawn(async {
        if signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

pub(super) async fn stop(server: Server) {
    tracing::info!("Stopping: finishing what is under way");
    server.stop().await;
    tracing::info!("Stopped");
}

fn open_in_browser(url: &str) {
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/c", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(before).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.spawn() {
        tracing::warn!(%error, "No browser could be opened; visit {url}");
    }
}

impl From<ConfigError> for Failed {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

impl From<StartError> for Failed {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Exposed(_) | StartError::NoTokens { .. } | StartError::Tls(_) => Self::usage(error),
            _ => Self::refused(error),
        }
    }
}
