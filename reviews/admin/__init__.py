"""The reviews' admin: moderators read and decide, through the services; the words stay the author's."""

from reviews.admin.reviews import ReviewAdmin

__all__ = ["ReviewAdmin"]
