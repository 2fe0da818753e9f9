"""The ways to make the same objects on AWS."""

from ...cloudgrant import Cloudgrant
from .ansible import Ansible
from .awscli import AwsCli
from .boto3_threads import Boto3
from .terraform import Terraform

ON_REQUEST = {"awscli": AwsCli, "ansible": Ansible}


def peers(options):
    """Those that are measured."""
    return [Cloudgrant(), Boto3(), Terraform(), *(ON_REQUEST[name]() for name in options.extra if name in ON_REQUEST)]
