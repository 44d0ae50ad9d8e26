//! How a server is started.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use aws::secret::Secret;
use events::{BusName, Permissions, Retention};
use genesys::webhook::Webhook;
use queue::WaitingTimes;
use runner::interpreter::VersionRule;

pub use crate::door::auth::Auth;

/// Where the traces of events' trips are sent.
#[derive(Clone, Debug)]
pub struct Traces {
    /// The collector's address for traces, `/v1/traces` and all.
    pub url: String,
    /// Headers that it wants, for example a key.
    pub headers: Vec<(String, Secret)>,
    /// What this server is called there.
    pub service_name: String,
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Any credentials, also none; for loopback, where only this machine can call.
    AnyOnLoopback,
    /// Any credentials on any address: the user has said so.
    AnyAnywhere,
}

/// What becomes of a start that is more than a day after anything was stored: nobody ran, or the machine's clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockJump {
    /// It goes on, says so, and drops nothing for its age for an hour.
    Tell,
    /// It is refused.
    Refuse,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder; made where it is missing.
    pub data_dir: PathBuf,
    /// Where the door opens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Twelve digits; part of every ARN.
    pub account: String,
    /// For example `us-east-1`; part of every ARN.
    pub region: String,
    /// Accounts that are served beside each other, each with what is its own; empty: one account, whoever calls.
    pub accounts: Vec<String>,
    /// Regions that are served beside each other; empty: one region, whichever is asked.
    pub regions: Vec<String>,
    /// Whether AWS's waiting times are kept.
    pub waiting_times: WaitingTimes,
    /// What is done where a function wants a version of its language that is not installed.
    pub runtimes: VersionRule,
    /// Hosts that requests may name beside this machine's own, without port.
    pub allowed_hosts: Vec<String>,
    /// Origins whose web pages may call, for example `https://console.example`.
    pub allowed_origins: Vec<String>,
    /// Who may call.
    pub credentials: Credentials,
    /// What callers have to show.
    pub auth: Auth,
    /// What our own functions call us with; made at the start.
    pub own: Option<aws::sigv4::Credentials>,
    /// Sends are refused when the disk has less than this left, in bytes, so that receives and deletes can go on.
    pub disk_reserve_bytes: u64,
    /// What secrets in the store are sealed with, where they are.
    pub secret_key: Option<store::SecretKey>,
    /// What becomes of a start that is more than a day after anything was stored.
    pub clock_jump: ClockJump,
    /// How long, and up to which size, events are kept for people to look at.
    pub event_retention: Retention,
    /// What is done about what AWS would refuse for want of a permission.
    pub permissions: Permissions,
    /// The webhooks that are open.
    pub webhooks: Vec<OpenWebhook>,
    /// Step Functions Local's mock file, read.
    pub mocks: Option<Arc<asl::mock_config::MockConfig>>,
    /// Folders that stand for S3's buckets, by the buckets' names.
    pub buckets: BTreeMap<String, PathBuf>,
    /// Which addresses targets may have, and who is trusted there.
    pub calls_out: http_client::Settings,
    /// Where traces go; `None`: none are made.
    pub traces: Option<Traces>,
    /// Credentials and endpoints for targets that are real AWS resources.
    pub aws: aws_client::Access,
}

impl Config {
    /// A server on a free port of this machine, with nothing but its folder: for tests and fuzz targets.
    ///
    /// # Errors
    /// Never: without an environment nothing of it can be wrong.
    #[doc(hidden)]
    pub fn of_folder(data_dir: PathBuf) -> Result<Self, String> {
        Ok(Self {
            data_dir,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            accounts: Vec::new(),
            regions: Vec::new(),
            waiting_times: WaitingTimes::default(),
            runtimes: VersionRule::Nearest,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            credentials: Credentials::AnyOnLoopback,
            auth: Auth::Any,
            own: None,
            disk_reserve_bytes: 0,
            secret_key: None,
            clock_jump: ClockJump::Tell,
            event_retention: Retention::default(),
            permissions: Permissions::Warn,
            webhooks: Vec::new(),
            mocks: None,
            buckets: BTreeMap::new(),
            calls_out: http_client::Settings::default(),
            traces: None,
            aws: aws_client::Access::default(),
        })
    }
}

/// A webhook and the bus that its events are put on.
#[derive(Clone, Debug)]
pub struct OpenWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// The bus; made where it is missing.
    pub bus: BusName,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// The data folder.
    Store(store::OpenError),
    /// What is stored could not be read.
    Stored(store::Error),
    /// The file of the tables.
    Tables(tables::CannotOpen),
    /// The folder of functions' code cannot be used.
    Functions(std::io::Error),
    /// The clock is far ahead of what is stored, and such starts are to be refused.
    ClockJump {
        /// By so many days.
        days: u64,
    },
    /// The file of certificates.
    Authorities {
        /// What is wrong with it.
        why: String,
    },
    /// The address is taken.
    AddressInUse {
        /// The address.
        address: SocketAddr,
        /// Who has it, where the system tells.
        user: Option<String>,
    },
    /// The address cannot be listened on for another reason.
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// The address can be reached from other machines and nobody's credentials would be checked.
    Unprotected {
        /// The address.
        address: SocketAddr,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Stored(error) => write!(f, "{error}"),
            Self::Tables(error) => write!(f, "could not open {error}"),
            Self::Functions(error) => {
                write!(f, "the folder `functions` in the data folder cannot be used: {error}")
            }
            Self::ClockJump { days } => write!(
                f,
                "the machine's clock is {days} days ahead of all that is stored; set it right, or start without --clock-jump refuse if nobody ran for so long"
            ),
            Self::Authorities { why } => write!(f, "the file of --ca-file holds {why}"),
            Self::AddressInUse { address, user } => {
                write!(f, "the address {address} is taken")?;
                if let Some(user) = user {
                    write!(f, " by {user}")?;
                }
                f.write_str("; stop it, or choose another address, for example --listen 127.0.0.1:4567")
            }
            Self::Listen { address, source } => {
                write!(f, "could not listen on {address}: {source}; choose another address with --listen")
            }
            Self::Unprotected { address } => write!(
                f,
                "{address} can be reached from other machines, and nobody is asked who they are; say --auth sigv4 or --auth token with --auth-file FILE, listen on 127.0.0.1, or say --auth any if everybody there may call"
            ),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Stored(error) => Some(error),
            Self::Tables(error) => Some(error),
            Self::Functions(error) => Some(error),
            Self::Listen { source, .. } => Some(source),
            Self::ClockJump { .. }
            | Self::Authorities { .. }
            | Self::AddressInUse { .. }
            | Self::Unprotected { .. } => None,
        }
    }
}
