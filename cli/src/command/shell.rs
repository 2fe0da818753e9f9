//! What every command gets: the options of them all, and the printer.

use crate::args::Global;
use crate::render::telling::{Telling, Wording};
use crate::terminal::printer::Printer;

/// What every command gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shell<'a> {
    pub(crate) global: &'a Global,
    pub(crate) printer: &'a Printer,
}

impl<'a> Shell<'a> {
    /// How a plan is told, as the options want it; `place` is where the stack's own objects are, for people.
    pub(crate) fn telling(self, wording: Wording, place: &'a str) -> Telling<'a> {
        let Shell { global, printer } = self;
        let (summary_only, in_full) = (printer.is_quiet(), printer.is_verbose());
        Telling { wording, summary_only, in_full, width: printer.width(), place, global, here: printer.here() }
    }
}
