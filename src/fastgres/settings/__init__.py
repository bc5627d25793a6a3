"""Settings of a service, and where its project lies on disk."""

from fastgres.settings.dotenv import misspelt_variables
from fastgres.settings.loading import load_settings
from fastgres.settings.mail import MailServer
from fastgres.settings.model import CommaList, Settings
from fastgres.settings.project import Project
from fastgres.settings.secrecy import MASK, mask_credentials, names_secret
from fastgres.settings.table import SettingRow, describe_settings, settings_table

__all__ = [
    "MASK",
    "CommaList",
    "MailServer",
    "Project",
    "SettingRow",
    "Settings",
    "describe_settings",
    "load_settings",
    "mask_credentials",
    "misspelt_variables",
    "names_secret",
    "settings_table",
]
