# Two accounts at one endpoint that is not AWS. No account of anybody's is ever reached.

variable "endpoint" { type = string }
variable "data_plane" { type = object({ key = string, secret = string, token = string }) }
variable "region" {
  type    = string
  default = "us-west-2"
}
variable "registry" { type = object({ key = string, secret = string, token = string }) }

provider "aws" {
  region                      = var.region
  access_key                  = var.data_plane.key
  secret_key                  = var.data_plane.secret
  token                       = var.data_plane.token
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {
    ecr = var.endpoint
    iam = var.endpoint
    sts = var.endpoint
  }
}

provider "aws" {
  alias                       = "registry"
  region                      = "us-west-2"
  access_key                  = var.registry.key
  secret_key                  = var.registry.secret
  token                       = var.registry.token
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {
    ecr = var.endpoint
    iam = var.endpoint
    sts = var.endpoint
  }
}
