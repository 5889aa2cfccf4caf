"""The same facts as Yui's tables, as Django would keep them."""

from django.contrib.auth.models import User
from django.db import models


class Household(models.Model):
    pass


class Member(models.Model):
    household = models.ForeignKey(Household, models.CASCADE)
    name = models.TextField()
    kana = models.TextField()


class Account(models.Model):
    user = models.OneToOneField(User, models.CASCADE)
    household = models.ForeignKey(Household, models.CASCADE)


class Batch(models.Model):
    state = models.TextField()
    last_month = models.IntegerField()
    published_at = models.DateTimeField(null=True)


class Expense(models.Model):
    household = models.ForeignKey(Household, models.CASCADE, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE)
    batch = models.ForeignKey(Batch, models.CASCADE)
    treatment_month = models.IntegerField()
    provider_name = models.TextField()
    care_kind = models.TextField()
    days = models.IntegerField(null=True)
    total = models.BigIntegerField()
    insurer_share = models.BigIntegerField()
    public_share = models.BigIntegerField()
    self_pay = models.BigIntegerField()
    note = models.TextField()
    cancelled = models.BooleanField()
    superseded_by = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["household", "treatment_month"])]
