# The same objects, as somebody would write them for Terraform: one block of each kind, repeated.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }

provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  endpoints {
    iam = var.endpoint
    sts = var.endpoint
  }
}

locals {
  objects = { for one in jsondecode(file("${path.module}/objects.json")).objects : one.name => one }
}

resource "aws_iam_policy" "each" {
  for_each    = local.objects
  name        = each.key
  path        = each.value.path
  description = each.value.description
  policy      = jsonencode(each.value.document)
  tags        = each.value.policy_tags
}

resource "aws_iam_role" "each" {
  for_each           = local.objects
  name               = each.key
  path               = each.value.path
  description        = each.value.description
  assume_role_policy = jsonencode(each.value.trust)
  tags               = each.value.role_tags
}

resource "aws_iam_role_policy_attachment" "own" {
  for_each   = local.objects
  role       = aws_iam_role.each[each.key].name
  policy_arn = aws_iam_policy.each[each.key].arn
}

resource "aws_iam_role_policy_attachment" "task" {
  for_each   = local.objects
  role       = aws_iam_role.each[each.key].name
  policy_arn = each.value.attached
}
