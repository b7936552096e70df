"""Segments have values, and joined values their coverage: what is open is worked out again once."""

import django.db.models.functions.text
from django.db import migrations, models

MARK = """
INSERT INTO touched (entity, account, month)
SELECT 'Rule', -1, date '0001-01-01' WHERE EXISTS (SELECT 1 FROM metrics_monthly)
ON CONFLICT DO NOTHING"""


class Migration(migrations.Migration):

    dependencies = [
        ('collectors', '0003_working_tables'),
        ('metrics', '0005_values_without_checks'),
    ]

    operations = [
        migrations.AlterField(
            model_name='scope',
            name='kind',
            field=models.TextField(choices=[('company', 'Company'), ('organization', 'Organization'), ('not_linked', 'Not linked to a client'), ('segment', 'Segment'), ('agreement', 'Agreement'), ('queue', 'Queue'), ('technician', 'Technician')]),
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField()),
            ],
            options={
                'db_table': 'segment',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='segment_once')],
            },
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
