# What examples/quickstart means, as somebody would write it for Terraform by hand. Sids, descriptions and tags are
# cloudgrant's words, so that they are the same objects; everything else follows from the example's text.

locals {
  account = "111122223333"
  issuer  = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  home    = "${local.account} ${local.issuer}"
  path    = "/cloudgrant/acme-ml.a96e55e9/"
  policy  = "arn:aws:iam::111122223333:policy"
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

import {
  to = aws_iam_policy.global
  id = "arn:aws:iam::111122223333:policy/cloudgrant/acme-ml.a96e55e9/cloudgrant_acme-ml.a96e55e9_global"
}

resource "aws_iam_policy" "global" {
  name        = "cloudgrant_acme-ml.a96e55e9_global"
  path        = local.path
  description = "Task code access, managed by cloudgrant (stack acme-ml, home ${local.home})"
  policy      = data.aws_iam_policy_document.global.json
  tags = {
    "cloudgrant:stack"                          = "acme-ml"
    "cloudgrant:home"                           = local.home
    "cloudgrant:attached-to:acme-userflyterole" = ""
  }
}

import {
  to = aws_iam_role_policy_attachment.global
  id = "acme-userflyterole/arn:aws:iam::111122223333:policy/cloudgrant/acme-ml.a96e55e9/cloudgrant_acme-ml.a96e55e9_global"
}

resource "aws_iam_role_policy_attachment" "global" {
  role       = "acme-userflyterole"
  policy_arn = aws_iam_policy.global.arn
}

data "aws_iam_policy_document" "production" {
  statement {
    sid       = "ModelsProductionList"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::acme-models"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "ModelsProductionReadWrite"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["arn:aws:s3:::acme-models/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "ModelsProductionSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf"]
  }
}

import {
  to = aws_iam_policy.production
  id = "arn:aws:iam::111122223333:policy/cloudgrant/acme-ml.a96e55e9/cloudgrant_acme-ml.a96e55e9_production"
}

resource "aws_iam_policy" "production" {
  name        = "cloudgrant_acme-ml.a96e55e9_production"
  path        = local.path
  description = "Task code access, managed by cloudgrant (stack acme-ml, home ${local.home})"
  policy      = data.aws_iam_policy_document.production.json
  tags        = { "cloudgrant:stack" = "acme-ml", "cloudgrant:home" = local.home }
}

data "aws_iam_policy_document" "trust" {
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
      values = [
        "system:serviceaccount:forecasting-production:default",
        "system:serviceaccount:vision-production:default",
      ]
    }
  }
}

import {
  to = aws_iam_role.production
  id = "cloudgrant_acme-ml.a96e55e9_production"
}

resource "aws_iam_role" "production" {
  name               = "cloudgrant_acme-ml.a96e55e9_production"
  path               = local.path
  description        = "Task code access, managed by cloudgrant (stack acme-ml, home ${local.home})"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags = {
    "cloudgrant:stack"       = "acme-ml"
    "cloudgrant:home"        = local.home
    "cloudgrant:scope"       = "domain production"
    "cloudgrant:task-policy" = "${local.policy}/userflyterole"
  }
}

import {
  for_each = local.carried
  to       = aws_iam_role_policy_attachment.production[each.key]
  id       = "cloudgrant_acme-ml.a96e55e9_production/${each.value}"
}

locals {
  # Known before anything is read: import blocks want that.
  carried = {
    task       = "${local.policy}/userflyterole"
    global     = "${local.policy}/cloudgrant/acme-ml.a96e55e9/cloudgrant_acme-ml.a96e55e9_global"
    production = "${local.policy}/cloudgrant/acme-ml.a96e55e9/cloudgrant_acme-ml.a96e55e9_production"
  }
}

resource "aws_iam_role_policy_attachment" "production" {
  for_each   = local.carried
  role       = aws_iam_role.production.name
  policy_arn = each.value
}

# Where the stack writes outside its home: attached to nobody.
data "aws_iam_policy_document" "place" {
  statement {
    actions   = ["ecr:GetRepositoryPolicy"]
    resources = ["arn:aws:ecr:us-west-2:444455556666:repository/team/trainer"]
  }
}

import {
  to = aws_iam_policy.place
  id = "${local.policy}${local.path}cloudgrant_acme-ml.a96e55e9_place.ecr-nodes.444455556666.us-west-2"
}

resource "aws_iam_policy" "place" {
  name        = "cloudgrant_acme-ml.a96e55e9_place.ecr-nodes.444455556666.us-west-2"
  path        = local.path
  description = "Task code access, managed by cloudgrant (stack acme-ml, home ${local.home})"
  policy      = data.aws_iam_policy_document.place.json
  tags = {
    "cloudgrant:stack" = "acme-ml"
    "cloudgrant:home"  = local.home
  }
}

# The whole policy of the repository: the statement of its owners, and ours.
data "aws_iam_policy_document" "trainer" {
  statement {
    sid = "BuildersPush"
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::444455556666:role/image-builder"]
    }
    actions = [
      "ecr:CompleteLayerUpload",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = ["us-west-2"]
    }
  }
  statement {
    sid = "AllowPullCloudgrantd3d3f2d99302cebeTrainerImages"
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:role/unionai-acme-flyteworker-node-group"]
    }
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
  }
}

import {
  to = aws_ecr_repository_policy.trainer
  id = "team/trainer"
}

resource "aws_ecr_repository_policy" "trainer" {
  provider   = aws.registry
  repository = "team/trainer"
  policy     = data.aws_iam_policy_document.trainer.json
}
