# What examples/project-domain means, as somebody would write it for Terraform by hand. Sids, descriptions and tags are
# cloudgrant's words, so that they are the same objects; everything else follows from the example's text.

locals {
  account = "111122223333"
  issuer  = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  home    = "${local.account} ${local.issuer}"
  path    = "/cloudgrant/acme-projects.a96e55e9/"
  policy  = "arn:aws:iam::111122223333:policy"

  documents = {
    global                  = data.aws_iam_policy_document.global.json
    production              = data.aws_iam_policy_document.production.json
    forecasting_production  = data.aws_iam_policy_document.forecasting_production.json
    forecasting_development = data.aws_iam_policy_document.forecasting_development.json
    vision_production       = data.aws_iam_policy_document.vision_production.json
  }

  # Of each role: the scope that it serves, whom it trusts, and what it carries beside the platform's own policy.
  roles = {
    production = {
      scope = "domain production"
      pairs = ["forecasting-production", "vision-production"]
      carry = ["global", "production"]
    }
    forecasting_production = {
      scope = "project forecasting in domain production"
      pairs = ["forecasting-production"]
      carry = ["global", "production", "forecasting_production"]
    }
    vision_production = {
      scope = "project vision in domain production"
      pairs = ["vision-production"]
      carry = ["global", "production", "vision_production"]
    }
    forecasting_development = {
      scope = "project forecasting in domain development"
      pairs = ["forecasting-development"]
      carry = ["global", "forecasting_development"]
    }
  }

  carried = merge(
    { for role, what in local.roles : "${role}/task" => {
      role = "cloudgrant_acme-projects.a96e55e9_${role}", arn = "${local.policy}/userflyterole"
    } },
    merge([for role, what in local.roles : { for one in what.carry : "${role}/${one}" => {
      role = "cloudgrant_acme-projects.a96e55e9_${role}"
      arn  = "${local.policy}${local.path}cloudgrant_acme-projects.a96e55e9_${one}"
    } }]...),
    { "task-role/global" = {
      role = "acme-userflyterole", arn = "${local.policy}${local.path}cloudgrant_acme-projects.a96e55e9_global"
    } },
  )
}

data "aws_iam_policy_document" "global" {
  statement {
    sid       = "TrainingDataListPrefix"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::acme-training"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["inputs/", "inputs/*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "TrainingDataRead"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::acme-training/inputs/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "production" {
  statement {
    sid       = "ToolsProductionPull"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:aws:ecr:us-west-2:${local.account}:repository/tools"]
  }
  statement {
    sid       = "ToolsProductionLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "forecasting_production" {
  statement {
    sid       = "ForecastingProductionList"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::acme-forecasts"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "ForecastingProductionReadWrite"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["arn:aws:s3:::acme-forecasts/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "ForecastingProductionSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:us-west-2:${local.account}:secret:labels-token-AbCdEf"]
  }
}

data "aws_iam_policy_document" "forecasting_development" {
  statement {
    sid       = "ForecastingDevelopmentList"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::acme-forecasts"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "vision_production" {
  statement {
    sid       = "VisionProductionListPrefix"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::acme-vision"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["frames/", "frames/*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid = "VisionProductionManage"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = ["arn:aws:s3:::acme-vision/frames/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::${local.account}:oidc-provider/${local.issuer}"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [for pair in each.value.pairs : "system:serviceaccount:${pair}:default"]
    }
  }
}

import {
  for_each = toset(["global", "production", "forecasting_production", "forecasting_development", "vision_production"])
  to       = aws_iam_policy.scope[each.key]
  id       = "${local.policy}${local.path}cloudgrant_acme-projects.a96e55e9_${each.key}"
}

resource "aws_iam_policy" "scope" {
  for_each    = local.documents
  name        = "cloudgrant_acme-projects.a96e55e9_${each.key}"
  path        = local.path
  description = "Task code access, managed by cloudgrant (stack acme-projects, home ${local.home})"
  policy      = each.value
  tags = merge(
    { "cloudgrant:stack" = "acme-projects", "cloudgrant:home" = local.home },
    each.key == "global" ? { "cloudgrant:attached-to:acme-userflyterole" = "" } : {},
  )
}

import {
  for_each = local.roles
  to       = aws_iam_role.scope[each.key]
  id       = "cloudgrant_acme-projects.a96e55e9_${each.key}"
}

resource "aws_iam_role" "scope" {
  for_each           = local.roles
  name               = "cloudgrant_acme-projects.a96e55e9_${each.key}"
  path               = local.path
  description        = "Task code access, managed by cloudgrant (stack acme-projects, home ${local.home})"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
  tags = {
    "cloudgrant:stack"       = "acme-projects"
    "cloudgrant:home"        = local.home
    "cloudgrant:scope"       = each.value.scope
    "cloudgrant:task-policy" = "${local.policy}/userflyterole"
  }
}

import {
  for_each = local.carried
  to       = aws_iam_role_policy_attachment.carried[each.key]
  id       = "${each.value.role}/${each.value.arn}"
}

resource "aws_iam_role_policy_attachment" "carried" {
  for_each   = local.carried
  role       = each.value.role
  policy_arn = each.value.arn
}
