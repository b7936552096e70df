"""The mapping queue shows accounts under permissions of its own."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0001_initial'),
        ('organizations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='WaitingAccount',
            fields=[],
            options={
                'verbose_name': 'account to map',
                'verbose_name_plural': 'mapping queue',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('collectors.account',),
        ),
    ]
