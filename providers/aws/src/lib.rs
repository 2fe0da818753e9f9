//! The AWS provider of cloudgrant: IAM, IRSA, S3, Secrets Manager and ECR.
