//! AWS.

cloudgrant_robustness::proofs!(cloudgrant_robustness::aws::Aws);
