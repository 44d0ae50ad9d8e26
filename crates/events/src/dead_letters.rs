//! Dead letters: how a delivery becomes one, how it is sent again or thrown away, and how that is undone.

pub mod letter;
pub mod location;
pub mod redrive;
pub mod undo;

pub mod give_back;
pub(crate) mod give_up;
