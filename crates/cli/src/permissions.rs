//! `--permissions`: what is done about what AWS would refuse.

use clap::{Args, ValueEnum};
use events::Permissions;

/// How queue policies and roles are treated.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PermissionsArgument {
    /// Deliveries that AWS would refuse because of a queue policy or a role: `warn` logs each once and delivers, `enforce`
    /// refuses them
    #[arg(long, value_enum, value_name = "MODE", default_value = "warn")]
    permissions: Mode,
}

/// The values of `--permissions`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// Log once and deliver.
    Warn,
    /// Refuse.
    Enforce,
}

impl PermissionsArgument {
    /// As the server takes it.
    pub(crate) fn mode(self) -> Permissions {
        match self.permissions {
            Mode::Warn => Permissions::Warn,
            Mode::Enforce => Permissions::Enforce,
        }
    }
}
