//! Opens the store, starts the loops, and opens the one HTTP door.

pub mod backup;
mod clock;
mod component;
pub mod config;
mod connections;
mod door;
pub mod feed;
mod functions;
pub mod indoors;
mod ingest;
pub mod listen;
mod machines;
mod port_user;
pub mod reason;
mod replay;
mod roles;
pub mod rooms;
mod schedule;
mod scopes;
mod series;
pub mod server;
pub mod services;
mod sweep;
mod table_sweep;
mod ticking;
mod traces;
pub mod worker;
mod works;

pub use crate::feed::SimulatedFeed;
pub use crate::indoors::Indoors;
pub use crate::listen::{NotificationsFeed, PartnerQueueFeed};
pub use crate::rooms::Rooms;
pub use crate::server::{OwnDoor, Server, StopReason};
pub use crate::worker::WorkerMessage;
