//! The engine: asks the provider, makes plans (`planning/`, `taking_away/`), carries them out, and looks again (`apply/`).

mod apply;
mod cancel;
mod confirming;
mod planning;
mod retry;
mod settings;
mod setup;
mod stacks;
mod taking_away;
mod watch;

pub use apply::report::{Applied, Failed, Report};
pub use cancel::Cancel;
pub use confirming::{Confirming, Said};
pub use settings::Settings;
pub use setup::Engine;
pub use watch::{Event, Silent, Watch};
