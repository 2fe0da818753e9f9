//! The reference platform passes every case, as any platform must. A platform's own test looks just like this.

cloudgrant_conformance::platform_suite!(cloudgrant_conformance::platforms::reference::BoardWorld);
