"""Column types of the users' tables."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    EmailField = models.EmailField[str, str]
else:
    EmailField = models.EmailField


class AddressField(EmailField):
    """An e-mail address in lower case: whoever writes or asks for it in another case means the same mailbox."""

    def get_prep_value(self, value: Any) -> Any:
        """Return the value as it is stored and compared."""
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Bring the instance to what is stored, so that it reads the same before and after a reload."""
        value = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value
