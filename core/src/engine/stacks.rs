//! Which stacks there are: in the cloud, and of what the platform is told.

use crate::contract::backend::stacks::Stacks;
use crate::contract::error::Result;
use crate::contract::object::observed::Unsearched;
use crate::engine::cancel::Cancel;
use crate::engine::retry;
use crate::engine::setup::Engine;
use crate::engine::watch::{Event, Watch};

impl Engine {
    /// Which stacks there are, whatever this one wants.
    ///
    /// # Errors
    /// The provider's.
    pub async fn stacks(&self, watch: &dyn Watch) -> Result<Stacks> {
        watch.event(Event::Observing);
        let cancel = Cancel::default();
        let in_cloud = retry::reading(&self.settings, watch, &cancel, || self.provider.stacks());
        let way_to = |place: &str| self.platform.way_to(place);
        let Some(platform) = self.platform.backend() else {
            let mut stacks = in_cloud.await?;
            stacks.tell_places(&[], way_to);
            return Ok(stacks.sorted());
        };
        let on_platform = async {
            tokio::join!(
                retry::reading(&self.settings, watch, &cancel, || platform.marked()),
                retry::reading(&self.settings, watch, &cancel, || platform.reached())
            )
        };
        let (in_cloud, (marked, reached)) = tokio::join!(in_cloud, on_platform);
        let mut stacks = in_cloud?;
        // A place in which nothing may be listed is told as that, and not as one to which nothing leads.
        stacks.tell_places(&reached.unwrap_or_default(), way_to);
        match marked {
            Ok(marked) => {
                stacks.add(marked, (&self.stack, &self.provider.home()), |stack, home| platform.mark(stack, home));
            }
            // What is in the cloud is told all the same.
            Err(error) => {
                let place = format!("what task code is told in {}", platform.place());
                stacks.unsearched.push(Unsearched { place, reason: error.in_a_sentence() });
            }
        }
        Ok(stacks.sorted())
    }
}
