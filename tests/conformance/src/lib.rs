//! The suite that every cloudgrant provider must pass.
