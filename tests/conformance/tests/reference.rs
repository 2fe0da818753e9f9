//! The reference provider passes every case, as any provider must. A provider's own test looks just like this.

use cloudgrant_conformance::reference::{Reference, ReferenceWorld};

cloudgrant_core::register_provider!(Reference);

cloudgrant_conformance::suite!(ReferenceWorld);
