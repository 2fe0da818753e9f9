//! Azure.

cloudgrant_robustness::proofs!(cloudgrant_robustness::azure::Azure);
