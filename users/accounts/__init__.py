"""How people sign up, log in and stay logged in: django-allauth with our rules."""
